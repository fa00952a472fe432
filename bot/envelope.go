package bot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Envelope is one thing that Slack sent and wants acknowledged within three
// seconds (https://docs.slack.dev/apis/events-api/using-socket-mode).
type Envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
	// TakesPayload reports whether the acknowledgement may carry an answer.
	TakesPayload bool      `json:"accepts_response_payload"`
	Received     time.Time `json:"-"`

	write    func(frame []byte) error // on the socket that it came from
	answered func()                   // its person waits no longer; nil: nobody counts that
}

// Where a payload of each kind says who did something. Quotes inside a text are escaped, so nobody's
// words look like these; but other people are in payloads, too: whoever a card mentions, and who
// wrote its message.
var (
	commandUser = regexp.MustCompile(`"user_id"\s*:\s*"([^"\\]+)"`)
	actingUser  = regexp.MustCompile(`"user"\s*:\s*{\s*"id"\s*:\s*"([^"\\]+)"`)
	eventUser   = regexp.MustCompile(`"user"\s*:\s*"([^"\\]+)"`)
)

// person is who sent the command, clicked or opened Home; empty: not found. It decides whose turn it is and
// nothing else: what somebody may do is decided by the parsed payload.
func (e Envelope) person() string {
	switch e.Type {
	case "slash_commands":
		return firstIn(commandUser, e.Payload)
	case "interactive":
		return firstIn(actingUser, e.Payload)
	case "events_api":
		return firstIn(eventUser, e.Payload)
	}
	return ""
}

// done says that its person waits no longer.
func (e Envelope) done() {
	if e.answered != nil {
		e.answered()
	}
}

// ackLimit is below the size from which Slack ignores an acknowledgement
// without a word (20,480 bytes).
const ackLimit = 20_000

// errAckTooLarge means that an answer has to go another way.
var errAckTooLarge = errors.New("the answer is too large for an acknowledgement")

// Ack acknowledges the envelope on the socket it came from, with an answer if
// it takes one. That it was written does not prove that Slack took it.
func (e Envelope) Ack(answer any) error {
	ack := struct {
		ID      string `json:"envelope_id"`
		Payload any    `json:"payload,omitempty"`
	}{e.ID, answer}
	if !e.TakesPayload {
		ack.Payload = nil
	}
	var b bytes.Buffer
	encode := json.NewEncoder(&b)
	encode.SetEscapeHTML(false) // it would make six bytes of each “&”
	if err := encode.Encode(ack); err != nil {
		return fmt.Errorf("encode an acknowledgement: %w", err)
	}
	frame := bytes.TrimRight(b.Bytes(), "\n")
	if len(frame) > ackLimit {
		return errAckTooLarge
	}
	return e.write(frame)
}

package audit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Record is an entry as it is stored: its id in the stream and its JSON, to the byte.
type Record struct {
	ID   string
	Text string
}

// Line is the canonical line of a record: its JSON with the stream id as its first member,
// and a line feed. What is exported and what is sealed are these lines, so that
// sha256sum can check one against the other. What is not one JSON object on one
// line is no entry, and an error.
func (r Record) Line() (string, error) {
	if _, err := parseID(r.ID); err != nil {
		return "", err
	}
	if !strings.HasPrefix(r.Text, "{") || strings.ContainsAny(r.Text, "\r\n") {
		return "", fmt.Errorf("audit entry %s is not one JSON object on one line", r.ID)
	}
	line := `{"entry":"` + r.ID + `",` + r.Text[1:]
	if !json.Valid([]byte(line)) {
		return "", fmt.Errorf("audit entry %s is not one JSON object on one line", r.ID)
	}
	return line + "\n", nil
}

// Digest is the SHA-256 of the record's canonical line.
func (r Record) Digest() ([sha256.Size]byte, error) {
	line, err := r.Line()
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256([]byte(line)), nil
}

// streamID is the id of a stream's entry: when it was written, and which of that
// millisecond it is (https://redis.io/docs/latest/develop/data-types/streams/#entry-ids).
type streamID struct{ ms, seq uint64 }

func parseID(s string) (streamID, error) {
	ms, seq, _ := strings.Cut(s, "-")
	var id streamID
	var err, wrong error
	id.ms, err = strconv.ParseUint(ms, 10, 64)
	id.seq, wrong = strconv.ParseUint(seq, 10, 64)
	if err != nil || wrong != nil || id.String() != s {
		return streamID{}, fmt.Errorf("%q is not the id of an audit entry", s)
	}
	return id, nil
}

func (id streamID) String() string { return fmt.Sprintf("%d-%d", id.ms, id.seq) }

func (id streamID) after(other streamID) bool {
	return id.ms > other.ms || id.ms == other.ms && id.seq > other.seq
}

// at is when the entry was written, by Redis's clock.
func (id streamID) at() time.Time { return time.UnixMilli(int64(min(id.ms, 1<<52))).UTC() }

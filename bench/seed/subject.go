package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"defenderbot/approvals"
)

// Action and Comment are what every request asks for.
const (
	Action  = "collect"
	Comment = "odd logins from two countries within ten minutes, see the alert of 03:12"
)

// Subject is what one request has for itself.
type Subject struct {
	ID, Device, Host, User, Name, Channel string

	Card string    // Slack's name of its message
	At   time.Time // of the first entry about it in the audit trail
}

// digest is the fingerprint of what the request asks for.
func (s Subject) digest() string {
	return approvals.Request{Action: Action, Comment: Comment, Devices: []approvals.Device{{ID: s.Device}}}.Digest()
}

// Crowd is who asks, where and when: person after person, channel after channel, one request
// every so often from a moment on.
type Crowd struct {
	People, Channels int
	In               int // number of the first channel
	First            int // number of the first request; those of crowds in one Redis must not be the same
	From             time.Time
	Every            time.Duration
}

// subject is what request i of the crowd, from 0 on, has for itself.
func (c Crowd) subject(i int) Subject {
	s := subject(c.First + i)
	at := c.From.Add(time.Duration(i) * c.Every).UTC().Truncate(time.Millisecond)
	s.User, s.Name, s.Channel = user(i%c.People), name(i%c.People), Channel(c.In+i%c.Channels)
	s.At, s.Card = at, fmt.Sprintf("%d.%06d", at.Unix(), i%1_000_000)
	return s
}

// subject is what request n has for itself, asked by a person and in a channel of that number,
// without what the bot and Slack give it.
func subject(n int) Subject {
	sum := sha256.Sum256(fmt.Append(nil, "device ", n))
	return Subject{
		ID: requestID(n), Device: hex.EncodeToString(sum[:20]), Host: fmt.Sprintf("srv-%07d.corp.example.com", n),
		User: user(n), Name: name(n), Channel: Channel(n),
	}
}

func user(n int) string { return fmt.Sprintf("U%010d", n) }

func name(n int) string { return fmt.Sprintf("person-%06d", n) }

// Channel is the id of channel n.
func Channel(n int) string { return fmt.Sprintf("C%010d", n) }

// letters are those of ids; no other than the ledger's, which draws them at random.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// requestID is an id of which no two are the same for numbers below 2^30, and which come in no
// order: an odd number has an inverse in a ring of a power of two.
func requestID(n int) string {
	id, v := []byte("D-000000"), uint32(n)*0x2545F491 //nolint:gosec // wraps around on purpose
	for i := range 6 {
		id[2+i] = letters[v>>(5*i)&31]
	}
	return string(id)
}

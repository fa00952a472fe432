package approvals

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// Op names an operation, so that a repeat of it changes nothing and gets the
// same answer. An id is only a name: the same id with another digest is another
// operation under a name that is taken, and is refused.
type Op struct {
	ID     string // of the envelope that it came in
	Digest string // of who wants what
}

// newOp names an operation that no envelope names.
func newOp() Op { return Op{ID: rand.Text()} }

// op is the operation in which by wants v of what the parts say.
func (by By) op(v Verb, parts ...string) Op {
	wish := append([]string{by.User, by.Place.Team, by.Place.Channel, string(v)}, parts...)
	return Op{ID: by.Op, Digest: digestOf(wish)}
}

// digestOf is a short fingerprint of texts, each apart from the next.
func digestOf(parts []string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

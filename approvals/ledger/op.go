package ledger

import (
	"crypto/rand"
	"regexp"
)

// Op names an operation, so that a repeat of it changes nothing and gets the
// same answer. An id is only a name: the same id with another digest is another
// operation under a name that is taken, and is refused.
type Op struct {
	ID     string // of the envelope that it came in
	Digest string // of who wants what
}

// NewOp names an operation that no envelope names.
func NewOp() Op { return Op{ID: rand.Text()} }

// crockford has no I, L, O and U: ids are read aloud and typed
// (https://www.crockford.com/base32.html).
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// IsID reports whether a text can be the id of a request.
func IsID(text string) bool { return idForm.MatchString(text) }

// idForm is that of a request's id.
var idForm = regexp.MustCompile(`^D-[0-9A-Z]{1,12}$`)

// newID draws the id of a request. It names, it gives no right to anything.
func newID() string { return "D-" + sixLetters() }

func sixLetters() string {
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil { // never fails: see crypto/rand
		panic(err)
	}
	for i := range b {
		b[i] = crockford[b[i]%32]
	}
	return string(b[:])
}

package commands

import (
	"fmt"
	"strings"
)

// Request ids are written in Crockford's base 32
// (https://www.crockford.com/base32.html), which leaves out I, L, O and U, so
// that a person can read one aloud and another can type it.
const (
	requestPrefix   = "D-"
	requestLength   = 6
	requestAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

var lookAlikes = strings.NewReplacer("O", "0", "I", "1", "L", "1")

// requestID brings an id into its canonical form. It tolerates either case,
// the characters that look alike, and a prefix that was left out. When it is
// no id, why says so.
func requestID(typed string) (id, why string) {
	id = strings.ToUpper(hyphens(typed))
	id = strings.TrimPrefix(id, requestPrefix)
	if len(id) > requestLength {
		id = strings.TrimPrefix(id, requestPrefix[:1])
	}
	id = lookAlikes.Replace(id)
	for _, r := range id {
		if !strings.ContainsRune(requestAlphabet, r) {
			return "", "“" + string(r) + "” is not used in request ids"
		}
	}
	if len(id) != requestLength {
		return "", fmt.Sprintf("there should be %d characters after %s, not %d", requestLength, requestPrefix, len(id))
	}
	return requestPrefix + id, ""
}

package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Seal says what the trail was at a moment: how many entries came since the seal before, the
// digest of them all, and the digest of the seal before. Whoever has one seal can tell whether
// anything that it or an earlier one covers has been changed since.
//
// Note is the seal as it is kept and published: a text of eight lines and, where there
// is a key, its signature, in the form of https://c2sp.org/signed-note.
type Seal struct {
	Origin   string    // whose trail it is
	Number   int64     // 1, 2, ...
	At       time.Time // to the millisecond
	Count    int       // how many entries it covers; 0: nothing happened
	First    string    // id of the first of them; "-" if there are none
	Last     string    // id of the last one that this seal or an earlier one covers; "0-0" if there is none
	Sum      string    // SHA-256 over the entries' digests in hex, a line each
	Previous string    // SHA-256 of the text of the seal before; "-" if there is none
	Note     string
	Digests  []string // of the entries, in hex; kept beside the note, to name what was changed
}

// none stands where a seal has nothing to say.
const none = "-"

// nothing is the id before all others.
const nothing = "0-0"

// Origin names the trail of one installation: the first line of each of its seals, and
// the name of the key that signs them.
func Origin(app, team string) string { return origin + app + "/" + team }

const origin = "defenderbot/audit/"

// Sealer makes seals.
type Sealer struct {
	Origin string
	Key    Key // without one, seals are not signed
}

// Seal covers entries, which are all that came since prev, oldest first. The zero Seal
// is that before the first.
func (s Sealer) Seal(prev Seal, entries []Record, at time.Time) (Seal, error) {
	seal := Seal{
		Origin: s.Origin, Number: prev.Number + 1, At: at.UTC().Truncate(time.Millisecond),
		Count: len(entries), First: none, Last: prev.Last, Previous: none, Digests: make([]string, 0, len(entries)),
	}
	if prev.Number == 0 {
		seal.Last = nothing
	} else {
		seal.Previous = textDigest(prev.text())
	}
	for i, e := range entries {
		digest, err := follows(seal.Last, e)
		if err != nil {
			return Seal{}, fmt.Errorf("seal %d: %w", seal.Number, err)
		}
		if i == 0 {
			seal.First = e.ID
		}
		seal.Last, seal.Digests = e.ID, append(seal.Digests, digest)
	}
	seal.Sum = sumOf(seal.Digests)
	seal.Note = seal.text()
	if s.Key.Signs() {
		signed, err := note.Sign(&note.Note{Text: seal.Note}, s.Key.signer(s.Origin))
		if err != nil {
			return Seal{}, fmt.Errorf("sign seal %d: %w", seal.Number, err)
		}
		seal.Note = string(signed)
	}
	return seal, nil
}

// follows is the digest of an entry that comes after last.
func follows(last string, e Record) (string, error) {
	before, err := parseID(last)
	if err != nil {
		return "", err
	}
	id, err := parseID(e.ID)
	if err != nil {
		return "", err
	}
	if !id.after(before) {
		return "", fmt.Errorf("audit entry %s does not come after %s", e.ID, last)
	}
	digest, err := e.Digest()
	return hex.EncodeToString(digest[:]), err
}

// sumOf is the SHA-256 over digests, a line each, as sha256sum would have it.
func sumOf(digests []string) string {
	h := sha256.New()
	for _, d := range digests {
		h.Write([]byte(d + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func textDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

const sealTime = "2006-01-02T15:04:05.000Z"

// text is the note without its signature.
func (s Seal) text() string {
	return fmt.Sprintf("%s\nseal %d\nat %s\nentries %d\nfirst %s\nlast %s\nsha256 %s\nprevious %s\n",
		s.Origin, s.Number, s.At.UTC().Format(sealTime), s.Count, s.First, s.Last, s.Sum, s.Previous)
}

// errSeal is all that is said of a note that is no seal: what is in it may be anybody's.
var errSeal = errors.New("not a seal of an audit trail")

// ParseSeal reads a seal from its note. It takes nothing but what [Sealer.Seal] writes, to
// the byte, and checks neither the signature nor the digests: that is for [Verify].
func ParseSeal(text string, digests []string) (Seal, error) {
	s := Seal{Note: text, Digests: digests}
	body, signatures, signed := strings.Cut(text, "\n\n")
	if signed {
		body += "\n"
		if !strings.HasPrefix(signatures, "— ") || !strings.HasSuffix(signatures, "\n") {
			return Seal{}, errSeal
		}
	}
	lines := strings.Split(body, "\n")
	if len(lines) != 9 {
		return Seal{}, errSeal
	}
	var at string
	s.Origin = lines[0]
	_, err := fmt.Sscanf(strings.Join(lines[1:], "\n"), "seal %d\nat %s\nentries %d\nfirst %s\nlast %s\nsha256 %s\nprevious %s\n",
		&s.Number, &at, &s.Count, &s.First, &s.Last, &s.Sum, &s.Previous)
	if err != nil {
		return Seal{}, errSeal
	}
	if s.At, err = time.Parse(sealTime, at); err != nil || s.text() != body || !s.sane() {
		return Seal{}, errSeal
	}
	return s, nil
}

// sane reports whether the parts of a seal can be true together.
func (s Seal) sane() bool {
	last, err := parseID(s.Last)
	if err != nil || s.Number < 1 || s.Count < 0 || (s.Number == 1) != (s.Previous == none) {
		return false
	}
	if !strings.HasPrefix(s.Origin, origin) || !isDigest(s.Sum) || s.Previous != none && !isDigest(s.Previous) {
		return false
	}
	if s.Count == 0 {
		return s.First == none && s.Sum == sumOf(nil)
	}
	first, err := parseID(s.First)
	return err == nil && !first.after(last)
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}

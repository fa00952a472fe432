package audit

import (
	"encoding/base64"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// vouched holds a seal against those that somebody else kept, and looks at its signature. One
// of the two is enough: a seal from before there was a key is as good as the log that has it.
func (v *verification) vouched(s Seal) {
	kept := false
	for _, a := range v.proof.Against {
		if a.Origin != s.Origin || a.Number != s.Number {
			continue
		}
		if a.text() != s.text() {
			v.find(Replaced, s.Number, "", "seal %d is not the one that was kept elsewhere, of %s", s.Number, a.At.Format(sealTime))
			continue
		}
		kept = true
	}
	unsigned := s.Note == s.text()
	if unsigned {
		v.report.Unsigned++
	}
	if !v.proof.Key.Known() || unsigned && kept {
		return
	}
	if err := v.proof.Key.check(s); err != nil {
		v.find(Signature, s.Number, "", "seal %d %v", s.Number, err)
	}
}

// cut looks for seals that somebody else kept and that are newer than the newest.
func (v *verification) cut(newest Seal) {
	var lost []Seal
	for _, a := range v.proof.Against {
		if a.Origin == v.origin && a.Number > newest.Number {
			lost = append(lost, a)
		}
	}
	if len(lost) == 0 {
		return
	}
	last := slices.MaxFunc(lost, func(a, b Seal) int { return int(a.Number - b.Number) })
	v.find(Cut, newest.Number+1, newest.Last, "the trail ends at seal %d, but seal %d of %s was kept elsewhere: "+
		"what came after entry %s, up to entry %s at least, was cut off", newest.Number, last.Number, last.At.Format(sealTime), newest.Last, last.Last)
}

var (
	errUnsigned = errors.New("is not signed: a bot without AUDIT_SIGNING_KEY_FILE made it, or somebody who has no key")
	errOther    = errors.New("is signed by another key than those in AUDIT_SIGNING_KEY_FILE")
	errWrong    = errors.New("has a signature that is wrong")
)

// check says what is wrong with a seal's signature: there is one, and it is that of a known key.
func (k Key) check(s Seal) error {
	if s.Note == s.text() {
		return errUnsigned
	}
	verifiers, err := k.verifiers(s.Origin)
	if err != nil {
		return err
	}
	opened, err := note.Open([]byte(s.Note), verifiers)
	if _, other := errors.AsType[*note.UnverifiedNoteError](err); other {
		return errOther
	}
	if err != nil {
		return errWrong
	}
	// Base64 has more than one way to write the same bytes, and a note room for more signatures;
	// only this is ours.
	raw, err := base64.StdEncoding.DecodeString(opened.Sigs[0].Base64)
	if err != nil || s.Note != s.text()+"\n— "+s.Origin+" "+base64.StdEncoding.EncodeToString(raw)+"\n" {
		return errWrong
	}
	return nil
}

func (k Key) verifiers(origin string) (note.Verifiers, error) {
	texts, err := k.Verifiers(origin)
	if err != nil {
		return nil, err
	}
	list := make([]note.Verifier, len(texts))
	for i, text := range texts {
		if list[i], err = note.NewVerifier(text); err != nil {
			return nil, err
		}
	}
	return note.VerifierList(list...), nil
}

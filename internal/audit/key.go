package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// Key signs seals, or only knows who may have signed them. The zero Key does neither.
type Key struct {
	private ed25519.PrivateKey
	known   []ed25519.PublicKey // whose signatures count, our own first
}

// ReadKey reads a PEM file, as `openssl genpkey -algorithm ed25519` writes it. Its first key signs;
// it, and public keys that follow it, are known to [Verify]: so seals of an earlier key stay
// good. A file of public keys alone verifies and signs nothing. The error holds nothing of
// what is in the file.
func ReadKey(path string) (Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("cannot be read: %w", errors.Unwrap(err))
	}
	var k Key
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if err := k.add(block); err != nil {
			return Key{}, err
		}
	}
	if len(k.known) == 0 {
		return Key{}, errors.New("has no key in PEM form")
	}
	return k, nil
}

var errKind = errors.New("has a key that is not Ed25519 in PKCS#8 form (openssl genpkey -algorithm ed25519)")

func (k *Key) add(block *pem.Block) error {
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		private, ok := parsed.(ed25519.PrivateKey)
		if err != nil || !ok {
			return errKind
		}
		if len(k.known) > 0 {
			return errors.New("has a private key that is not its first key")
		}
		k.private = private
		k.known = append(k.known, private.Public().(ed25519.PublicKey))
	case "PUBLIC KEY":
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		public, ok := parsed.(ed25519.PublicKey)
		if err != nil || !ok {
			return errKind
		}
		if !slices.ContainsFunc(k.known, func(other ed25519.PublicKey) bool { return other.Equal(public) }) {
			k.known = append(k.known, public)
		}
	default:
		return errKind
	}
	return nil
}

// Format prints what it can do, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) {
	what := "no key"
	switch {
	case k.Signs():
		what = "signing key"
	case k.Known():
		what = "public key"
	}
	_, _ = io.WriteString(f, what) // a fmt.State keeps its own errors
}

// Signs reports whether there is a private key.
func (k Key) Signs() bool { return k.private != nil }

// Known reports whether there is a key at all.
func (k Key) Known() bool { return len(k.known) > 0 }

// Verifiers are the known keys in the form that public tools take
// (https://c2sp.org/signed-note, "vkey"), named after the trail.
func (k Key) Verifiers(origin string) ([]string, error) {
	texts := make([]string, len(k.known))
	for i, public := range k.known {
		var err error
		if texts[i], err = note.NewEd25519VerifierKey(origin, public); err != nil {
			return nil, fmt.Errorf("verifier key: %w", err)
		}
	}
	return texts, nil
}

func (k Key) signer(name string) note.Signer { return signer{name, k.private} }

// signer is a private key under the name of a trail.
type signer struct {
	name    string
	private ed25519.PrivateKey
}

func (s signer) Name() string                    { return s.name }
func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.private, msg), nil }

// KeyHash is the key id of https://c2sp.org/signed-note for Ed25519, whose type is 1.
func (s signer) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(s.name+"\n\x01"), s.private.Public().(ed25519.PublicKey)...))
	return binary.BigEndian.Uint32(sum[:])
}

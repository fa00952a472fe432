package sandbox

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// SigningKey is a file with a new key for the seals of the audit trail; it goes with the place.
func (p *Place) SigningKey() (string, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("a key for the audit trail: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", fmt.Errorf("a key for the audit trail: %w", err)
	}
	f, err := os.CreateTemp("", "sandbox-audit-*.pem") // for its owner alone
	if err != nil {
		return "", fmt.Errorf("a key for the audit trail: %w", err)
	}
	p.files = append(p.files, f.Name())
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return f.Name(), errors.Join(err, f.Close())
}

// removeFiles removes what was written for the place.
func (p *Place) removeFiles() (err error) {
	for _, f := range p.files {
		err = errors.Join(err, os.Remove(f))
	}
	p.files = nil
	return err
}

package main

import (
	"bytes"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// roots are the certificates that Mozilla trusts, as PEM, from a module and not
// from the machine that builds (https://pkg.go.dev/golang.org/x/crypto/x509roots/fallback/bundle).
// Those that it trusts under a condition are left out: PEM cannot say the condition.
func roots() ([]byte, error) {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
	}
	return text.Bytes(), nil
}

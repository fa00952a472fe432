package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
)

// authority is a company's own CA: the paths of its certificate, and of one for 127.0.0.1
// with its key.
func authority(t *testing.T) (ca, certificate, key string) {
	t.Helper()
	dir := t.TempDir()
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	issue := func(template, parent *x509.Certificate, of, by *ecdsa.PrivateKey) []byte {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, of.Public(), by)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a company"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redis"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	rootKey, leafKey := secret(), secret()
	der, err := x509.MarshalECPrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	return file("ca.pem", "CERTIFICATE", issue(root, root, rootKey, rootKey)), file("redis.pem", "CERTIFICATE", issue(leaf, root, leafKey, rootKey)), file("redis.key", "EC PRIVATE KEY", der)
}

// TestDoctorRedisTLS connects to a Redis whose certificate a company's own CA has issued:
// with SSL_CERT_FILE all is well with it, without, it is not trusted, which only the checklist
// says, and not the library that found it out.
func TestDoctorRedisTLS(t *testing.T) {
	redistest.Real(t, func(t *testing.T, _ *redistest.Server) {
		ca, certificate, key := authority(t)
		port := redistest.FreePort(t)
		redistest.Start(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", ca, "--tls-auth-clients", "no")
		place := patient(t)
		env := place.Env()
		env.RedisURL, env.AllowVolatileRedis = "rediss://127.0.0.1:"+port, ""
		binary := build(t)
		for trusted, want := range map[string]struct {
			grade app.Grade
			words string
		}{
			"SSL_CERT_FILE=" + ca:       {app.Well, "accepts everything"},
			"SSL_CERT_FILE=/dev/null":   {app.Wrong, "certificate signed by unknown authority"},
			"SSL_CERT_DIR=/nonexistent": {app.Wrong, "certificate signed by unknown authority"},
		} {
			doctor := exec.CommandContext(limit(t), binary, "doctor", "-json")
			doctor.Env = append(variables(t, env), trusted)
			out, err := doctor.Output()
			if exit, is := errors.AsType[*exec.ExitError](err); is && string(exit.Stderr) != "bot: "+errUnwell.Error()+"\n" {
				t.Errorf("beside the checklist it writes %s", exit.Stderr)
			}
			var r report
			if e := json.Unmarshal(out, &r); e != nil {
				t.Fatalf("%v, %v: %s", err, e, out)
			}
			if !slices.ContainsFunc(r.Findings, func(f app.Finding) bool {
				return f.About == "redis" && f.Grade == want.grade && strings.Contains(f.Says, want.words)
			}) || r.Well != (want.grade == app.Well) {
				t.Errorf("with %s: %s", trusted, out)
			}
		}
	})
}

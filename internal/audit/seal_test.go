package audit_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"defenderbot/internal/audit"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 123456789, time.UTC)

// TestSealChain: a seal reads as it was written, names what it covers and the seal
// before, and public tools verify its signature.
func TestSealChain(t *testing.T) {
	key := newKey(t)
	s := audit.Sealer{Origin: audit.Origin("A1", "T1"), Key: key}
	first, err := s.Seal(audit.Seal{}, []audit.Record{{ID: "1-0", Text: `{"event":"ask"}`}, {ID: "2-5", Text: `{"event":"approve"}`}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := "defenderbot/audit/A1/T1\nseal 1\nat 2026-11-30T12:00:00.123Z\nentries 2\nfirst 1-0\nlast 2-5\n" +
		"sha256 " + first.Sum + "\nprevious -\n"
	keys, err := key.Verifiers(s.Origin)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	opened, err := note.Open([]byte(first.Note), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, opened.Text); diff != "" {
		t.Error(diff)
	}
	silent, err := s.Seal(first, nil, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if silent.Number != 2 || silent.First != "-" || silent.Last != "2-5" || silent.Previous == "-" {
		t.Errorf("the seal of nothing is %+v", silent)
	}
	for _, seal := range []audit.Seal{first, silent} {
		got, err := audit.ParseSeal(seal.Note, seal.Digests)
		if diff := cmp.Diff(seal, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
}

// TestSealRefuses: what is no entry, or comes out of order, is not sealed.
func TestSealRefuses(t *testing.T) {
	prev, err := audit.Sealer{Origin: audit.Origin("A1", "T1")}.Seal(audit.Seal{}, []audit.Record{{ID: "5-0", Text: `{"event":"ask"}`}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, entries := range map[string][]audit.Record{
		"no JSON":         {{ID: "6-0", Text: `{"event":`}},
		"no object":       {{ID: "6-0", Text: `[1]`}},
		"nothing in it":   {{ID: "6-0", Text: `{}`}},
		"no text":         {{ID: "6-0"}},
		"two lines":       {{ID: "6-0", Text: "{\"event\":\n\"ask\"}"}},
		"two objects":     {{ID: "6-0", Text: `{"event":"ask"}{}`}},
		"no id":           {{ID: "6", Text: `{"event":"ask"}`}},
		"id with a zero":  {{ID: "06-0", Text: `{"event":"ask"}`}},
		"sealed already":  {{ID: "5-0", Text: `{"event":"ask"}`}},
		"older":           {{ID: "4-9", Text: `{"event":"ask"}`}},
		"one twice":       {{ID: "6-0", Text: `{"event":"ask"}`}, {ID: "6-0", Text: `{"event":"ask"}`}},
		"the other way":   {{ID: "6-1", Text: `{"event":"ask"}`}, {ID: "6-0", Text: `{"event":"ask"}`}},
		"quote in the id": {{ID: `6-0","x":"`, Text: `{"event":"ask"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := (audit.Sealer{Origin: audit.Origin("A1", "T1")}).Seal(prev, entries, noon); err == nil {
				t.Errorf("sealed as %q", got.Note)
			}
		})
	}
}

// TestParseSeal takes nothing but what was written.
func TestParseSeal(t *testing.T) {
	seal, err := audit.Sealer{Origin: audit.Origin("A1", "T1")}.Seal(audit.Seal{}, []audit.Record{{ID: "5-0", Text: `{"event":"ask"}`}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"an empty line":               {"seal 1\n", "seal 1\n\n"},
		"a line too much":             {"seal 1\n", "seal 1\nseal 1\n"},
		"a line too few":              {"entries 1\n", ""},
		"a signature that is none":    {"previous -\n", "previous -\n\nx\n"},
		"a signature without end":     {"previous -\n", "previous -\n\n— x"},
		"no end":                      {"previous -\n", "previous -"},
		"another program's":           {"defenderbot/audit/", "sum.golang.org/"},
		"a number with a sign":        {"seal 1", "seal +1"},
		"a number with a zero":        {"seal 1", "seal 01"},
		"a number below 1":            {"seal 1", "seal 0"},
		"a second without one before": {"seal 1", "seal 2"},
		"a first with one before":     {"previous -", "previous " + seal.Sum},
		"a time without ms":           {".123Z", "Z"},
		"a negative count":            {"entries 1", "entries -1"},
		"none, and a first one":       {"entries 1", "entries 0"},
		"first after last":            {"first 5-0", "first 6-0"},
		"an id that is none":          {"last 5-0", "last 5"},
		"a digest too short":          {"sha256 " + seal.Sum, "sha256 00"},
		"a digest in capitals":        {seal.Sum, strings.ToUpper(seal.Sum)},
	} {
		text := strings.Replace(seal.Note, c[0], c[1], 1)
		if got, err := audit.ParseSeal(text, nil); err == nil || text == seal.Note {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

// TestKeyRefuses: an error about a key file shows nothing of it.
func TestKeyRefuses(t *testing.T) {
	private := pemOf(t, newPrivate(t))
	for name, c := range map[string]struct{ text, want string }{
		"empty":               {"", "no key in PEM form"},
		"not PEM":             {"hunter2", "no key in PEM form"},
		"another kind":        {"-----BEGIN RSA PRIVATE KEY-----\naHVudGVyMg==\n-----END RSA PRIVATE KEY-----\n", "not Ed25519"},
		"no key in it":        {"-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n", "not Ed25519"},
		"two that would sign": {private + private, "not its first key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := audit.ReadKey(fileOf(t, c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := audit.ReadKey(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("read a file that is not there")
	}
}

// TestKeyFormat: no verb prints a key, nor does what holds one.
func TestKeyFormat(t *testing.T) {
	key := newKey(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, key); got != "signing key" {
			t.Errorf("%s prints %q", verb, got)
		}
		if got := fmt.Sprintf(verb, struct{ Key audit.Key }{key}); !strings.Contains(got, "signing key") || len(got) > 60 {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func newPrivate(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func pemOf(t testing.TB, private ed25519.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func publicPEM(t testing.TB, private ed25519.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func fileOf(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newKey(t testing.TB) audit.Key {
	t.Helper()
	key, err := audit.ReadKey(fileOf(t, pemOf(t, newPrivate(t))))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

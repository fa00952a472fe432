package app_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
)

// TestConfigSecretFiles: secrets come out of files as editors write them.
func TestConfigSecretFiles(t *testing.T) {
	t.Parallel()
	from := func(text string) app.Env {
		return changed(func(e *app.Env) { e.ClientSecret, e.ClientSecretFile = "", file(t, text) })
	}
	for text, warnings := range map[string][]string{
		"\xef\xbb\xbfquiet\r\n": nil,
		" quiet ":               nil,
		`"quiet"`:               {"AZURE_CLIENT_SECRET_FILE: is in quotes, and they are taken as part of it"},
	} {
		if got := config(t, from(text)).Warnings; !slices.Equal(got, warnings) {
			t.Errorf("%q: warnings %q, want %q", text, got, warnings)
		}
	}
	if got := config(t, changed(func(e *app.Env) { e.ClientSecret = `'quiet'` })).Warnings; len(got) != 1 || !strings.HasPrefix(got[0], "AZURE_CLIENT_SECRET: is in quotes") {
		t.Errorf("a variable in quotes: warnings %q", got)
	}
	if got := problems(t, from("\xff\xfeq\x00")); len(got) != 1 || got[0] != "AZURE_CLIENT_SECRET_FILE: names a file in UTF-16; save it as UTF-8" {
		t.Errorf("UTF-16: %q", got)
	}
	if got := problems(t, from("q\x00u\x00")); len(got) != 1 || !strings.Contains(got[0], "UTF-16") {
		t.Errorf("UTF-16 without a mark: %q", got)
	}
	bot := changed(func(e *app.Env) { e.SlackBotToken, e.SlackBotTokenFile = "", file(t, "\xef\xbb\xbfxoxb-1-1\n") })
	if got := config(t, bot).SlackBotToken; got != "xoxb-1-1" {
		t.Errorf("a token behind a byte order mark is %q", got)
	}
}

// certificate is the name of a PEM file whose certificate ends then.
func certificate(t *testing.T, end time.Time) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyBlock := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return file(t, string(pem.EncodeToMemory(keyBlock))+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
}

// TestConfigCredentialWarnings: what is probably not what was meant is said, and keeps
// nobody from starting.
func TestConfigCredentialWarnings(t *testing.T) {
	t.Parallel()
	some, pem := file(t, "text"), certificate(t, time.Now().Add(time.Hour))
	const id = "AZURE_CLIENT_SECRET: is a GUID, as the id of a secret is"
	for name, tt := range map[string]struct {
		change func(*app.Env)
		want   []string // the beginning of each
	}{
		"nothing":                    {func(*app.Env) {}, nil},
		"the id of a secret":         {func(e *app.Env) { e.ClientSecret = strings.ToUpper(client) }, []string{id}},
		"the same from a file":       {func(e *app.Env) { e.ClientSecret, e.ClientSecretFile = "", file(t, client+"\n") }, []string{strings.Replace(id, "SECRET:", "SECRET_FILE:", 1)}},
		"a secret with a GUID in it": {func(e *app.Env) { e.ClientSecret = "q~" + client }, nil},
		"a name as client id":        {func(e *app.Env) { e.ClientID = "defenderbot" }, []string{"AZURE_CLIENT_ID: is not a GUID"}},
		"two kinds": {
			func(e *app.Env) { e.FederatedTokenFile = some },
			[]string{"AZURE_CLIENT_SECRET: is used; also set, but ignored: AZURE_FEDERATED_TOKEN_FILE; "},
		},
		"three kinds": {
			func(e *app.Env) {
				e.ClientSecret, e.ClientSecretFile, e.ClientCertificate, e.FederatedTokenFile = "", some, pem, some
			},
			[]string{"AZURE_CLIENT_SECRET_FILE: is used; also set, but ignored: AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE; "},
		},
		"two kinds without a secret": {
			func(e *app.Env) { e.ClientSecret, e.ClientCertificate, e.FederatedTokenFile = "", pem, some },
			[]string{"AZURE_CLIENT_CERTIFICATE_PATH: is used; also set, but ignored: AZURE_FEDERATED_TOKEN_FILE; "},
		},
	} {
		got := config(t, changed(tt.change)).Warnings
		if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
			t.Errorf("%s: warnings %q, want %q", name, got, tt.want)
		}
		if strings.Contains(strings.ToLower(strings.Join(got, "\n")), client) {
			t.Errorf("%s: warnings %q show a value", name, got)
		}
	}
}

func TestCredentialOrder(t *testing.T) {
	t.Parallel()
	some, pem := file(t, "text"), certificate(t, time.Now().Add(time.Hour))
	all := changed(func(e *app.Env) { e.ClientCertificate, e.FederatedTokenFile = pem, some })
	secretFile := all
	secretFile.ClientSecret, secretFile.ClientSecretFile = "", some
	byCertificate := secretFile
	byCertificate.ClientSecretFile = ""
	federated := byCertificate
	federated.ClientCertificate = ""
	var got []string
	for _, e := range []app.Env{all, secretFile, byCertificate, federated} {
		got = append(got, config(t, e).Credential.Kind())
	}
	if want := []string{"client secret", "client secret", "certificate", "federated token"}; !slices.Equal(got, want) {
		t.Errorf("credentials %q, want %q", got, want)
	}
}

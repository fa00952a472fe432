package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

// found reports whether there is such a finding: its grade, and words that it says or that
// are its mend. Not: there must be none.
func found(t *testing.T, r report, about string, grade app.Grade, words ...string) {
	t.Helper()
	for _, f := range r.Findings {
		says := f.Says + "\n" + f.Mend
		if f.About == about && f.Grade == grade && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(says, w) }) {
			return
		}
	}
	t.Errorf("no %s about %s with %q in:\n%s", grade, about, words, listed(r))
}

func listed(r report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// granted has the application hold these roles from now on.
func granted(place *sandbox.Place, roles ...string) {
	place.Defender.SetApp(defenderfake.App{ID: defenderfake.DefaultClientID, Secret: defenderfake.DefaultClientSecret, Roles: roles})
}

// posted are the requests that could start something.
func posted(place *sandbox.Place) (list []defenderfake.Call) {
	for _, c := range place.Defender.Calls() {
		if c.Method == http.MethodPost && c.Endpoint != defenderfake.Token {
			list = append(list, c)
		}
	}
	return list
}

// TestDoctorRoles: each role that is missing is named with what it is for, and what is more
// than needed is said, too.
func TestDoctorRoles(t *testing.T) {
	const collect, read, package_ = "Machine.CollectForensics", "Machine.Read.All", "Machine.ReadWrite.All"
	place := patient(t)
	t.Setenv("ACTIONS", "collect,scan,investigate")
	for name, tt := range map[string]struct {
		roles []string
		want  [][]string // the grade, and words
		exit  error
	}{
		"all and no others": {
			[]string{read, collect, "Machine.Scan", "Alert.ReadWrite.All", package_},
			[][]string{{"ok", "all that are needed, and no others"}}, nil,
		},
		"none": {
			nil,
			[][]string{
				{"wrong", read + " is missing, for looking devices and their actions up", "grant admin consent"},
				{"wrong", collect + " is missing, for collect", "add the application permission " + collect},
				{"wrong", "Machine.Scan is missing, for scan"},
				{"warning", "Alert.ReadWrite.All is missing, for investigate"}, // which Microsoft has ended
				{"warning", package_ + " is missing, for the link to what collect has collected"},
			}, errUnwell,
		},
		"more": {
			[]string{read, collect, "Machine.Scan", "Alert.ReadWrite.All", package_, "Machine.Isolate", "Machine.Offboard"},
			[][]string{{"warning", "more than the actions need that are switched on: Machine.Isolate, Machine.Offboard", "take them away"}}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			granted(place, tt.roles...)
			r, err := examined(t)
			if !errors.Is(err, tt.exit) {
				t.Errorf("%v, want %v", err, tt.exit)
			}
			for _, w := range tt.want {
				found(t, r, "entra roles", app.Grade(w[0]), w[1:]...)
			}
			if n := len(slices.DeleteFunc(slices.Clone(r.Findings), func(f app.Finding) bool { return f.About != "entra roles" })); n != len(tt.want) {
				t.Errorf("%d findings about roles, want %d:\n%s", n, len(tt.want), listed(r))
			}
		})
	}
}

// TestDoctorEntra: what Entra refuses is said with what to do, and what needs a token is not
// guessed at.
func TestDoctorEntra(t *testing.T) {
	patient(t)
	for name, tt := range map[string]struct{ variable, value, says, mend string }{
		"a wrong secret": {"AZURE_CLIENT_SECRET", "wrong-secret-4711", "the client secret is wrong (AADSTS7000215)", "the value of a client secret (not its id)"},
		"no such app":    {"AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000001", "AADSTS700016", "AZURE_CLIENT_ID is the application (client) id"},
		"no such tenant": {"AZURE_TENANT_ID", "elsewhere.example", "AADSTS90002", "AZURE_TENANT_ID is right"},
		"a wrong scope":  {"DEFENDER_SCOPE", "https://graph.example/.default", "AADSTS70011", "DEFENDER_SCOPE"},
		"nobody there":   {"AZURE_AUTHORITY_HOST", "http://127.0.0.1:1", "the connection was refused", "AZURE_AUTHORITY_HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(tt.variable, tt.value)
			r, err := examined(t, "-probe")
			if !errors.Is(err, errUnwell) {
				t.Errorf("%v", err)
			}
			found(t, r, "entra", app.Wrong, "no token: ", tt.says, tt.mend)
			for _, about := range []string{"entra roles", "defender", "probe"} {
				found(t, r, about, app.Unknown, "it needs: entra")
			}
			if strings.Contains(listed(r), "wrong-secret-4711") {
				t.Error("the secret is shown")
			}
		})
	}
}

// TestDoctorDefender: what keeps Defender from answering is said with what to do.
func TestDoctorDefender(t *testing.T) {
	place := patient(t)
	r, err := examined(t)
	if err != nil {
		t.Fatal(err)
	}
	found(t, r, "defender", app.Well, "answers a read")
	found(t, r, "microsoft clock", app.Well, "Entra and this host agree")
	found(t, r, "microsoft clock", app.Well, "Defender and this host agree")
	for name, tt := range map[string]struct {
		fault defenderfake.Fault
		grade app.Grade
		words []string
	}{
		"licence":   {defenderfake.Fault{Status: 401, Message: "Unauthorized request - reason of failure: No Tvm license"}, app.Wrong, []string{"No Tvm license", "has a licence of Defender for Endpoint"}},
		"token":     {defenderfake.Fault{Status: 401}, app.Wrong, []string{"DEFENDER_SCOPE are of one cloud"}},
		"throttled": {defenderfake.Fault{Status: 429, RetryAfter: "10"}, app.Unknown, []string{"throttled", "look again later"}},
		"down":      {defenderfake.Fault{Status: 503}, app.Wrong, []string{"HTTP 503", "see that this host reaches DEFENDER_API_URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.fault.On = defenderfake.MachineGet
			defer place.Defender.Inject(tt.fault)()
			r, _ := examined(t)
			found(t, r, "defender", tt.grade, tt.words...)
		})
	}
	if sent := posted(place); len(sent) > 0 {
		t.Errorf("the doctor has sent %v", sent)
	}
}

// TestDoctorClock: a clock that is wrong is Microsoft's or ours; how far they are apart is
// said.
func TestDoctorClock(t *testing.T) {
	place := patient(t)
	if err := place.Skip(time.Hour); err != nil {
		t.Fatal(err)
	}
	r, _ := examined(t)
	found(t, r, "microsoft clock", app.Well, "Defender and this host agree") // the fake answers with the host's own Date
}

// TestDoctorCredential: when what the bot proves itself with runs out, as far as it tells.
func TestDoctorCredential(t *testing.T) {
	place := patient(t)
	r, _ := examined(t)
	found(t, r, "credential", app.Unknown, "a client secret does not tell when it expires", "Certificates & secrets")
	t.Setenv("AZURE_CLIENT_SECRET", "")
	for _, tt := range []struct {
		left  time.Duration
		grade app.Grade
		words []string
	}{
		{365 * 24 * time.Hour, app.Well, []string{"the certificate ends on", "in 364 days"}},
		{29 * 24 * time.Hour, app.Doubt, []string{"in 28 days", "upload a new one"}},
	} {
		file, cert := certificate(t, time.Now().Add(tt.left))
		place.Defender.SetApp(defenderfake.App{ID: defenderfake.DefaultClientID, Certificates: []*x509.Certificate{cert}, Roles: defenderfake.DefaultRoles()})
		t.Setenv("AZURE_CLIENT_CERTIFICATE_PATH", file)
		r, err := examined(t)
		if err != nil {
			t.Error(err)
		}
		found(t, r, "credential", tt.grade, tt.words...)
		found(t, r, "entra", app.Well, "gives tokens")
	}
}

// certificate writes a PEM file with a certificate that ends then.
func certificate(t *testing.T, end time.Time) (file string, cert *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "bot.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, cert
}

var _ = defender.NoDevice

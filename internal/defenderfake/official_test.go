package defenderfake

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// official is the folder of the programs on Microsoft's own client libraries.
const official = "official"

// TestOfficialAzidentity plays the story with Microsoft's library for Go, which is a module of its own.
func TestOfficialAzidentity(t *testing.T) {
	program := filepath.Join(t.TempDir(), "official")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = official
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	playOfficial(t, program)
}

// TestOfficialNode plays the story with @azure/identity. Without it ("npm ci" in the folder official) it plays nothing,
// unless REQUIRE_NODE is set.
func TestOfficialNode(t *testing.T) {
	if _, err := os.Stat(filepath.Join(official, "node_modules")); err != nil {
		if os.Getenv("REQUIRE_NODE") != "" {
			t.Fatalf("REQUIRE_NODE is set, but: %v", err)
		}
		t.Logf("nothing is played: %v", err)
		return
	}
	playOfficial(t, "node", "identity.mjs")
}

// playOfficial runs a program that collects a package with a secret, a certificate and a federated token, and then
// tries a wrong secret: it must find nothing odd about the tenant, and the tenant nothing wrong with it.
func playOfficial(t *testing.T, program ...string) {
	t.Helper()
	s := newSigner(t) // one certificate is the server's and the app's
	tenant, err := Start(Options{
		Now: time.Now, TLS: &tls.Certificate{Certificate: [][]byte{s.cert.Raw}, PrivateKey: s.key},
		FreshFor: -1, PendingFor: 50 * time.Millisecond, RunFor: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tenant.Close)
	tenant.AddDevice(Device{ID: device40, ComputerDNSName: "desktop-test"})
	federated := s.sign(map[string]any{"alg": "RS256", "typ": "JWT"}, map[string]any{"sub": "system:serviceaccount:ops:bot"})
	tenant.SetApp(App{
		ID: DefaultClientID, Secret: DefaultClientSecret, Certificates: []*x509.Certificate{s.cert},
		Federated: []string{federated}, Roles: DefaultRoles(),
	})

	cmd := exec.CommandContext(t.Context(), program[0], program[1:]...)
	cmd.Dir, cmd.Stderr = official, t.Output()
	cmd.Env = append(os.Environ(), s.files(federated)...)
	cmd.Env = append(cmd.Env, "AZURE_TENANT_ID="+DefaultTenant, "AZURE_CLIENT_ID="+DefaultClientID,
		"AZURE_CLIENT_SECRET="+DefaultClientSecret, "AZURE_AUTHORITY_HOST="+tenant.Authority(),
		"DEFENDER_API_URL="+tenant.URL(), "DEFENDER_SCOPE="+tenant.Scope(), "DEVICE=desktop-test")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := "secret: Succeeded\ncertificate: Succeeded\nworkload identity: Succeeded\nwrong secret: AADSTS7000215\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("the program says (-want +got):\n%s", diff)
	}
	checkOfficial(t, tenant)
}

// checkOfficial checks that the tenant did what was asked, and refused nothing but the wrong secret.
func checkOfficial(t *testing.T, tenant *Server) {
	t.Helper()
	var comments []string
	for _, a := range tenant.Actions() {
		comments = append(comments, a.Comment)
	}
	if diff := cmp.Diff([]string{"secret", "certificate", "workload identity"}, comments); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	var refused []string
	for _, c := range tenant.Calls() {
		if c.Status >= 300 || c.Status == 0 {
			path, _, _ := strings.Cut(c.Path, "?")
			refused = append(refused, fmt.Sprint(path, " ", c.Status))
		}
	}
	if diff := cmp.Diff([]string{"/" + DefaultTenant + "/oauth2/v2.0/token 401"}, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if !slices.ContainsFunc(tenant.Calls(), func(c Call) bool { return c.Endpoint == Discovery }) {
		t.Error("nobody asked for the metadata")
	}
}

// files writes what the programs read, and returns the variables that say where it is.
func (s signer) files(federated string) []string {
	s.t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	folder := s.t.TempDir()
	var env []string
	for name, content := range map[string]string{
		"CA_FILE": string(cert), "NODE_EXTRA_CA_CERTS": string(cert),
		"AZURE_CLIENT_CERTIFICATE_PATH": string(private) + string(cert), "AZURE_FEDERATED_TOKEN_FILE": federated,
	} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			s.t.Fatal(err)
		}
		env = append(env, name+"="+file)
	}
	return env
}

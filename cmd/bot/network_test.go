package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

// The names that the servers have in a company's network. Nothing but its proxy knows them.
const (
	slackHost    = "slack.test"
	loginHost    = "login.test"
	defenderHost = "defender.test"
)

// company is a network with an authority and a proxy of its own.
type company struct {
	authority string // a PEM file
	leaf      tls.Certificate
	proxy     *httptest.Server
	places    map[string]string // name:port -> where it is

	mu    sync.Mutex
	asked []string // for whom the proxy was called
	users []string
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{places: map[string]string{}}
	c.certify(t)
	c.proxy = httptest.NewServer(http.HandlerFunc(c.connect))
	t.Cleanup(c.proxy.Close)
	return c
}

// certify makes the authority, and a certificate for all of the names.
func (c *company) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{slackHost, loginHost, defenderHost},
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c.leaf = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	c.authority = filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(c.authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// connect is the proxy: it knows CONNECT alone, and the company's names.
func (c *company) connect(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	place, known := c.places[r.Host]
	c.asked, c.users = append(c.asked, r.Host), append(c.users, r.Header.Get("Proxy-Authorization"))
	c.mu.Unlock()
	if r.Method != http.MethodConnect || !known {
		http.Error(w, "not for you", http.StatusForbidden)
		return
	}
	there, err := net.Dial("tcp", place)
	if err != nil {
		http.Error(w, "nobody there", http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
	_, _ = io.Copy(there, buffered)
}

// calledFor is how often the proxy was called for each name, and forgets it.
func (c *company) calledFor() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := map[string]int{}
	for _, host := range c.asked {
		n[strings.TrimSuffix(host, ":443")]++
	}
	c.asked = nil
	return n
}

// slack puts TLS and the company's name in front of the workspace, also where it says at which
// address sockets are.
func (c *company) slack(t *testing.T, place *sandbox.Place) {
	t.Helper()
	plain, err := url.Parse(place.Slack.APIURL())
	if err != nil {
		t.Fatal(err)
	}
	front := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: plain.Host})
	front.ModifyResponse = func(res *http.Response) error {
		if !strings.HasSuffix(res.Request.URL.Path, "apps.connections.open") {
			return nil
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		body = bytes.ReplaceAll(body, []byte("ws://"+plain.Host), []byte("wss://"+slackHost))
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		res.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
	server := httptest.NewUnstartedServer(front)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{c.leaf}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	c.lead(slackHost, server.Listener.Addr().String())
}

// lead has the proxy lead to where a name's server is.
func (c *company) lead(host, place string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[host+":443"] = place
}

// TestNetwork runs the program where everything but Redis is behind a proxy with a password,
// and certified by an authority of the company's own.
func TestNetwork(t *testing.T) {
	binary, company := build(t), newCompany(t)
	place, err := sandbox.Open(sandbox.Options{
		Now: time.Now, Defender: defenderfake.Options{TLS: &company.leaf, FreshFor: -1, PendingFor: 10 * time.Millisecond, RunFor: 10 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
	})
	company.slack(t, place)
	at := strings.TrimPrefix(place.Defender.URL(), "https://")
	company.lead(loginHost, at)
	company.lead(defenderHost, at)
	env := place.Env()
	env.SlackAPIURL, env.AuthorityHost, env.DefenderAPIURL = "https://"+slackHost+"/api/", "https://"+loginHost, "https://"+defenderHost
	proxy := "HTTPS_PROXY=" + strings.Replace(company.proxy.URL, "http://", "http://ada:pr0xy-s3cret@", 1)
	trust := "SSL_CERT_FILE=" + company.authority
	variables := variables(t, env)

	t.Run("the whole job", func(t *testing.T) {
		bot := begin(t, binary, append(variables, proxy, trust)...)
		work(t, place)
		if err := bot.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := bot.end(t)
		if code != 0 || strings.Contains(stderr, "pr0xy-s3cret") {
			t.Errorf("exit code %d, or the proxy's password is in the log: %s", code, stderr)
		}
		n := company.calledFor()
		if n[slackHost] < 3 || n[loginHost] == 0 || n[defenderHost] == 0 || len(n) != 3 { // the Web API, and two sockets
			t.Errorf("the proxy was called for %v", n)
		}
		if slices.ContainsFunc(company.users, func(u string) bool { return u != "Basic YWRhOnByMHh5LXMzY3JldA==" }) {
			t.Errorf("the proxy was called by %q", company.users)
		}
	})
	for name, tt := range map[string]struct {
		more  []string
		wrong []string // lines of the doctor
		not   string   // for whom the proxy must not be called
	}{
		"by the proxy":         {[]string{proxy, trust}, nil, ""},
		"not by the proxy":     {[]string{proxy, trust, "NO_PROXY=" + loginHost}, []string{"entra"}, loginHost},
		"an unknown authority": {[]string{proxy}, []string{"slack", "entra"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			company.calledFor()
			cmd := exec.CommandContext(limit(t), binary, "doctor", "-json")
			cmd.Env = append(slices.Clone(variables), tt.more...)
			out, _ := cmd.Output() // its exit code says what the report says
			var r report
			if err := json.Unmarshal(out, &r); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var wrong []string
			for _, f := range r.Findings {
				if f.Grade == app.Wrong {
					wrong = append(wrong, f.About)
				}
			}
			if n := company.calledFor(); !slices.Equal(slices.Compact(wrong), tt.wrong) || n[tt.not] > 0 {
				t.Errorf("wrong are %q, want %q; the proxy was called for %v:\n%s", wrong, tt.wrong, n, out)
			}
		})
	}
}

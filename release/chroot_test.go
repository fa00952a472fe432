package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
)

// runs starts the program in the image as a container does: its root is the image, its user
// is the image's, and it has no other variables than those that it is given.
func runs(t *testing.T, out string) {
	if runtime.GOOS != "linux" {
		t.Log("no Linux: nothing was run")
		return
	}
	config, root := unpacked(t, out, platform{"linux", runtime.GOARCH})
	in := container{root: root, user: config.Config.User, entry: config.Config.Entrypoint}
	place := open(t)
	t.Run("version", func(t *testing.T) {
		if said, err := in.command(t, nil, "version").Output(); err != nil || string(said) != config.Config.Labels["org.opencontainers.image.version"]+"\n" {
			t.Errorf("%v: %q", err, said)
		}
	})
	t.Run("help", func(t *testing.T) {
		if said, err := in.command(t, nil, "-help").Output(); err != nil || !strings.HasSuffix(string(said), app.Table()) {
			t.Errorf("%v: %s", err, said)
		}
	})
	t.Run("doctor", func(t *testing.T) { doctor(t, in, place) })
	t.Run("serve", func(t *testing.T) { serves(t, in, place) })
}

// container is an image unpacked.
type container struct {
	root, user string
	entry      []string
}

// command is the program in the container; only root may go there.
func (c container) command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	line := append(append([]string{"env", "-i"}, env...), "/usr/sbin/chroot", "--userspec="+c.user, "--groups=", c.root)
	line = append(append(line, c.entry...), args...)
	if os.Geteuid() != 0 {
		line = append([]string{"sudo", "-n"}, line...)
	}
	return exec.CommandContext(limit(t), line[0], line[1:]...)
}

// open opens a place for the bot.
func open(t *testing.T) *sandbox.Place {
	t.Helper()
	place, err := sandbox.Open(sandbox.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
	})
	return place
}

// variables are those of an environment that are set.
func variables(env app.Env) (list []string) {
	v := reflect.ValueOf(env)
	for field, value := range v.Fields() {
		if text := value.String(); text != "" {
			list = append(list, field.Tag.Get("envconfig")+"="+text)
		}
	}
	return list
}

// doctor: over TLS all is well where the image trusts who signed, from the file that it has
// or from a directory that was mounted, and nothing is where it does not.
func doctor(t *testing.T, in container, place *sandbox.Place) {
	front := newAuthority(t)
	env := place.Env()
	env.SlackAPIURL = front.before(t, env.SlackAPIURL)
	env.DefenderAPIURL = front.before(t, env.DefenderAPIURL)
	env.AuthorityHost = front.before(t, env.AuthorityHost)
	file := filepath.Join(in.root, rootsFile)
	shipped := read(t, file)
	mounted := filepath.Join(in.root, "ca")
	if err := os.Mkdir(mounted, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name            string
		trusted, beside []byte // in the image's file; in the directory that is mounted
		well            bool
	}{
		{"nobody's", shipped, nil, false},
		{"the image's", front.pem, nil, true},
		{"mounted", shipped, front.pem, true},
	} {
		err := os.WriteFile(file, tt.trusted, 0o644)
		if err == nil {
			err = os.WriteFile(filepath.Join(mounted, "own.pem"), tt.beside, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		var said, wrong bytes.Buffer
		cmd := in.command(t, append(variables(env), "SSL_CERT_DIR=/ca"), "doctor", "-json")
		cmd.Stdout, cmd.Stderr = &said, &wrong
		err = cmd.Run()
		var report struct {
			Well bool `json:"well"`
		}
		if jsonErr := json.Unmarshal(said.Bytes(), &report); jsonErr != nil {
			t.Fatalf("%s: %v, %v: %s%s", tt.name, err, jsonErr, &said, &wrong)
		}
		if report.Well != tt.well || (err == nil) != tt.well || !tt.well && !strings.Contains(said.String(), "unknown authority") {
			t.Errorf("who signed is %s: well %v, %v: %s%s", tt.name, report.Well, err, &said, &wrong)
		}
	}
	if err := os.WriteFile(file, shipped, 0o644); err != nil {
		t.Fatal(err)
	}
}

// serves: it works, writes the time of the zone that it is told, and stops when asked.
func serves(t *testing.T, in container, place *sandbox.Place) {
	bot := in.command(t, append(variables(place.Env()), "TZ=Asia/Kathmandu"))
	log, err := bot.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bot.Start(); err != nil {
		t.Fatal(err)
	}
	asked, lines := false, bufio.NewScanner(log)
	for lines.Scan() {
		var line struct {
			Time string `json:"time"`
			Msg  string `json:"msg"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || !strings.HasSuffix(line.Time, "+05:45") {
			t.Errorf("%v: not a line of Kathmandu's time: %s", err, lines.Bytes())
		}
		if line.Msg == "slack socket open" && !asked {
			asked = true
			if err := bot.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
	}
	if err := bot.Wait(); err != nil || !asked {
		t.Errorf("it ended with %v; a socket was open: %v", err, asked)
	}
}

// authority signs what nobody else knows.
type authority struct {
	pem  []byte
	leaf tls.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return authority{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}
}

// before puts a server with TLS before one without, and returns the address of what is behind it.
func (a authority) before(t *testing.T, address string) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	path := to.Path
	to.Path = ""
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.leaf}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + path
}

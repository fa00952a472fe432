package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"defenderbot/internal/app"
)

// build builds the program as it is shipped.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bot")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// output is what a program writes, readable while it runs.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(b)
}

func (o *output) read() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.changed
}

// wait waits until the words were written.
func (o *output) wait(t *testing.T, words string) {
	t.Helper()
	for {
		text, changed := o.read()
		if strings.Contains(text, words) {
			return
		}
		select {
		case <-changed:
		case <-limit(t).Done():
			t.Fatalf("%q is not in:\n%s", words, text)
		}
	}
}

// program is the program as it runs, with nothing of this process's
// environment but what is given.
type program struct {
	*exec.Cmd

	stdout, stderr *output
}

func begin(t *testing.T, binary string, env ...string) *program {
	t.Helper()
	p := &program{exec.CommandContext(t.Context(), binary), &output{changed: make(chan struct{})}, &output{changed: make(chan struct{})}}
	p.Env, p.Stdout, p.Stderr = env, p.stdout, p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// end waits for the end of the program and returns what it wrote.
func (p *program) end(t *testing.T) (code int, stdout, stderr string) {
	t.Helper()
	err := p.Wait()
	stdout, _ = p.stdout.read()
	stderr, _ = p.stderr.read()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode(), stdout, stderr
}

func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// signingKey writes one for the trail's seals, and returns its text and the file.
func signingKey(t *testing.T) (text, file string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	file = filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(block), "\n")[1], file
}

// variables are those of an environment that are not empty, and the most
// talkative log.
func variables(t *testing.T, env app.Env) []string {
	t.Helper()
	env.LogLevel = "debug"
	var list []string
	v := reflect.ValueOf(env)
	for field, value := range v.Fields() {
		if text := value.String(); text != "" || field.Name == "HTTPAddr" {
			list = append(list, field.Tag.Get("envconfig")+"="+text)
		}
	}
	return list
}

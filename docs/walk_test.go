package docs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"defenderbot/internal/redistest"
)

// TestCommands runs every block of commands in the documents that does not say why it cannot
// be, as somebody would who reads them and knows nothing else.
func TestCommands(t *testing.T) {
	if !*walk {
		t.Skip("make docs-check runs them")
	}
	dir := clone(t)
	for _, d := range documents(t) {
		t.Run(d.path, func(t *testing.T) { newReader(t, dir).follow(t, d) })
	}
}

// reader is who follows a document.
type reader struct {
	dir       string
	terminals map[string]*window
	env       []string          // beside this process's own
	ports     *strings.Replacer // those of the documents may be in use
}

func newReader(t *testing.T, dir string) *reader {
	t.Helper()
	r := &reader{dir: dir, terminals: map[string]*window{}, ports: strings.NewReplacer(
		"6390", redistest.FreePort(t), "127.0.0.1:8081", "127.0.0.1:"+redistest.FreePort(t), "127.0.0.1:8082", "127.0.0.1:"+redistest.FreePort(t),
	)}
	t.Cleanup(func() {
		for name, w := range r.terminals {
			w.signal(t, syscall.SIGTERM)
			if t.Failed() {
				t.Logf("terminal %s:\n%s", name, w.out.text())
			}
		}
	})
	return r
}

func (r *reader) follow(t *testing.T, d document) {
	t.Helper()
	for _, b := range d.blocks {
		begun := time.Now()
		if found := step.FindStringSubmatch(b.note); found != nil {
			do := steps()[found[1]]
			if do == nil {
				t.Fatalf("%s: there is no step %s", d.path, found[1])
			}
			do(t, r, strings.TrimSpace(b.text))
		}
		if !b.commands() || notHere.MatchString(b.note) || byTest.MatchString(b.note) {
			continue
		}
		if found := terminal.FindStringSubmatch(b.note); found != nil {
			r.terminals[found[1]] = r.open(t, b.text)
			r.terminals[found[1]].says(t, found[2])
			continue
		}
		w := r.open(t, b.text)
		if err := w.wait(t, 10*time.Minute); err != nil {
			t.Fatalf("%s:%d: %v\n%s\n%s", d.path, b.line, err, b.text, w.out.text())
		}
		t.Logf("%s:%d: %s", d.path, b.line, time.Since(begun).Round(time.Second))
	}
}

// window is a shell at work.
type window struct {
	cmd   *exec.Cmd
	out   *output
	ended chan struct{}
	err   error // once it has ended
}

// open runs commands in a shell of their own. Nothing of this process's bot, if it has one,
// is in its environment.
func (r *reader) open(t *testing.T, script string) *window {
	t.Helper()
	w := &window{cmd: exec.CommandContext(context.WithoutCancel(t.Context()), "bash", "-euo", "pipefail", "-c", r.ports.Replace(script)), out: newOutput(), ended: make(chan struct{})}
	w.cmd.Dir, w.cmd.Stdout, w.cmd.Stderr = r.dir, w.out, w.out
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	tools, err := filepath.Abs(filepath.Join(root, ".bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case name == "PATH":
			w.cmd.Env = append(w.cmd.Env, "PATH="+value+":"+tools)
		case name != "MAKEFLAGS" && name != "MAKELEVEL" && !variable(name):
			w.cmd.Env = append(w.cmd.Env, v)
		}
	}
	w.cmd.Env = append(w.cmd.Env, r.env...)
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		w.err = w.cmd.Wait()
		close(w.ended)
	}()
	return w
}

// says waits until the words have been written.
func (w *window) says(t *testing.T, words string) {
	t.Helper()
	limit := time.After(5 * time.Minute)
	for {
		text, changed := w.out.read()
		if strings.Contains(text, words) {
			return
		}
		select {
		case <-changed:
		case <-w.ended:
			t.Fatalf("ended without %q: %v\n%s", words, w.err, w.out.text())
		case <-limit:
			t.Fatalf("no %q in:\n%s", words, text)
		}
	}
}

// wait waits for the end.
func (w *window) wait(t *testing.T, longest time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	select {
	case <-w.ended:
		return w.err
	case <-ctx.Done():
		w.signal(t, syscall.SIGKILL)
		return ctx.Err()
	}
}

// signal sends a signal to all that runs in the window, and waits for the end of its shell.
func (w *window) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-w.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Error(err)
	}
	<-w.ended
}

// output is what was written, readable while more comes.
type output struct {
	mu      sync.Mutex
	all     bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.all.Write(b)
}

func (o *output) read() (text string, changed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String(), o.changed
}

func (o *output) text() string {
	text, _ := o.read()
	return text
}

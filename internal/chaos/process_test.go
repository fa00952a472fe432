package chaos_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// build makes the program that is to be killed.
func build(t *testing.T) (path string) {
	t.Helper()
	path = t.TempDir() + "/bot"
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "defenderbot/cmd/bot").CombinedOutput()
	if err != nil {
		t.Fatalf("build the bot: %v\n%s", err, out)
	}
	return path
}

// process is one run of the program.
type process struct {
	name    string
	cmd     *exec.Cmd
	greeted chan struct{} // closed when Slack has greeted it
	ended   chan struct{} // closed when it is gone; err is set before
	err     error

	mu    sync.Mutex
	asked bool // it ends because we want it to
}

// startProcess starts the program. What it logs goes to the journal.
func startProcess(name, path string, env []string, j *journal) (*process, error) {
	p := &process{name: name, cmd: exec.Command(path), greeted: make(chan struct{}), ended: make(chan struct{})}
	p.cmd.Env = env
	logs, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.read(logs, j)
		p.err = p.cmd.Wait()
		if !p.wasAsked() {
			j.wrong(fmt.Sprintf("process %s ended by itself: %v", name, p.err), name)
		}
		close(p.ended)
	}()
	return p, nil
}

// read keeps what the process logs, and finds out when it is at work.
func (p *process) read(logs io.Reader, j *journal) {
	once := sync.OnceFunc(func() { close(p.greeted) })
	lines := bufio.NewScanner(logs)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		j.add(p.name, lines.Bytes())
		if bytes.Contains(lines.Bytes(), []byte(`"slack socket open"`)) {
			once()
		}
	}
}

func (p *process) wasAsked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// signal sends a signal. A process that is gone takes none, and needs none.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	p.asked = p.asked || s == syscall.SIGKILL || s == syscall.SIGTERM
	p.mu.Unlock()
	select {
	case <-p.ended:
	default:
		_ = p.cmd.Process.Signal(s)
	}
}

// kill ends the process as a crash does, and waits until it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// halt stops the process, and returns when none of its threads runs any more.
// False: it has ended.
func (p *process) halt() bool {
	p.signal(syscall.SIGSTOP)
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
		if !errors.Is(err, syscall.EINTR) {
			return err == nil && status.Stopped()
		}
	}
}

// patience is how long a process that is asked to end may take.
const patience = 25 * time.Second

// stop asks the process to end, and says what was wrong with how it did.
func (p *process) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked := time.Now()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("process %s had not ended %v after SIGTERM", p.name, time.Since(asked).Round(time.Second))
	}
	if p.err != nil {
		return fmt.Errorf("process %s ended with %w after SIGTERM", p.name, p.err)
	}
	return nil
}

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// journal is what all processes of a round have logged, and what is wrong with
// it.
type journal struct {
	mu    sync.Mutex
	lines []string
	bad   []string
}

func (j *journal) add(name string, line []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := time.Now().Format("15:04:05.000 ") + name + " " + string(line)
	j.lines = append(j.lines, text)
	if bytes.Contains(line, []byte("panicked")) || bytes.HasPrefix(line, []byte("panic:")) || bytes.Contains(line, []byte("DATA RACE")) {
		j.bad = append(j.bad, "a bug in the log: "+text)
	}
}

// wrong notes what is wrong with a process, with the end of its log.
func (j *journal) wrong(what, name string) {
	last := j.about(" " + name + " ")
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bad = append(j.bad, what+"\n    "+strings.Join(last[max(0, len(last)-10):], "\n    "))
}

// about is every line with a word in it.
func (j *journal) about(word string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []string
	for _, line := range j.lines {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

func (j *journal) mistakes() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.bad...)
}

package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"defenderbot/internal/app"
)

// Process is a bot in a process of its own, so that it can be killed as a
// crash kills it. Its methods may be called from any goroutine.
type Process struct {
	place   *Place
	command []string // a program, with arguments, that calls RunChild
	env     app.Env
	changed func()

	mu     sync.Mutex
	run    *exec.Cmd // nil: not running
	orders io.WriteCloser
	ended  chan struct{} // closed when run has ended
	state  ProcessState
}

// ProcessState is how a process is now.
type ProcessState struct {
	Running bool
	PID     int    // of the process that runs, or that ran last; 0: none yet
	Ended   string // how it ended, such as "signal: killed"; empty while it runs
	Log     []string
}

const (
	logLines = 200              // how many lines of log are kept
	stopWait = 10 * time.Second // how long a bot may take to stop as asked
)

// Process makes a bot in a process of its own; Start starts it. The command is
// a program with arguments that calls [RunChild]; env configures the bot;
// changed is called whenever State has changed, and must not block.
func (p *Place) Process(command []string, env app.Env, changed func()) *Process {
	b := &Process{place: p, command: command, env: env, changed: changed}
	p.clock.tell(b.setTime)
	return b
}

// Start starts the process. It is an error if it runs already.
func (b *Process) Start() error {
	defer b.changed()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.run != nil {
		return errors.New("the bot runs already")
	}
	run := exec.CommandContext(context.Background(), b.command[0], b.command[1:]...) //nolint:gosec // this very program
	run.Stderr = &tail{b: b}
	run.Env = []string{} // it is configured by its first order
	orders, err := run.StdinPipe()
	if err != nil {
		return fmt.Errorf("the bot's input: %w", err)
	}
	if err := run.Start(); err != nil {
		return fmt.Errorf("start the bot: %w", err)
	}
	b.run, b.orders, b.ended = run, orders, make(chan struct{})
	b.state.Running, b.state.PID, b.state.Ended = true, run.Process.Pid, ""
	go b.wait(run, b.ended)
	return b.order(order{Env: &b.env, Ahead: b.place.clock.aheadNow()})
}

// wait notes the end of a process.
func (b *Process) wait(run *exec.Cmd, ended chan struct{}) {
	err := run.Wait()
	b.mu.Lock()
	b.run, b.state.Running, b.state.Ended = nil, false, "exit status 0"
	if err != nil {
		b.state.Ended = err.Error()
	}
	b.mu.Unlock()
	close(ended)
	b.changed()
}

// Kill ends the process at once, without a chance to do anything, and returns
// when it has ended. A process that does not run is left alone.
func (b *Process) Kill() error { return b.end(syscall.SIGKILL) }

// Stop asks the process to stop, as a deployment does, and returns when it has
// ended; one that takes too long is killed.
func (b *Process) Stop() error {
	late := time.AfterFunc(stopWait, func() { _ = b.end(syscall.SIGKILL) }) // the wait below sees the end
	defer late.Stop()
	return b.end(syscall.SIGTERM)
}

func (b *Process) end(how os.Signal) error {
	b.mu.Lock()
	run, ended := b.run, b.ended
	b.mu.Unlock()
	if run == nil {
		return nil
	}
	if err := run.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end the bot: %w", err)
	}
	<-ended
	return nil
}

// State is how the process is now.
func (b *Process) State() ProcessState {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state
	s.Log = append([]string(nil), s.Log...)
	return s
}

// setTime tells the process by how much the place is ahead of real time.
func (b *Process) setTime(ahead time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.run != nil {
		_ = b.order(order{Ahead: ahead}) // one that is gone needs no time
	}
}

// order writes one order. The lock is held.
func (b *Process) order(o order) error {
	line, err := json.Marshal(o) //nolint:musttag // both ends are this program: the names of the fields do
	if err == nil {
		_, err = b.orders.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("speak to the bot: %w", err)
	}
	return nil
}

// tail keeps the last lines of a log.
type tail struct {
	b    *Process
	rest []byte // of a line that has not ended yet
}

// Write takes whole lines into the log.
func (t *tail) Write(p []byte) (int, error) {
	t.rest = append(t.rest, p...)
	at := bytes.LastIndexByte(t.rest, '\n')
	if at < 0 {
		return len(p), nil
	}
	lines := strings.Split(string(t.rest[:at]), "\n")
	t.rest = append([]byte(nil), t.rest[at+1:]...)
	t.b.mu.Lock()
	log := append(t.b.state.Log, lines...)
	t.b.state.Log = log[max(0, len(log)-logLines):]
	t.b.mu.Unlock()
	t.b.changed()
	return len(p), nil
}

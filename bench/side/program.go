package side

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Program is a process that is measured.
type Program struct {
	cmd   *exec.Cmd
	log   *bytes.Buffer
	ended chan struct{}
	err   error // how it ended; read after ended is closed
}

// Start starts a program in the given environment, to which it adds only PATH and HOME of this
// process. The program is killed when ctx ends.
func Start(ctx context.Context, env []string, command ...string) (*Program, error) {
	p := &Program{log: &bytes.Buffer{}, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // what a study measures
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.WaitDelay = 5 * time.Second // a copy of redis-server that writes its file outlives it, and holds its output open
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// PID is the process's id.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (p *Program) Ended() <-chan struct{} { return p.ended }

// Stop asks the process to end, as a deployment does, and kills it after ten seconds.
func (p *Program) Stop() error {
	late := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() }) // seen below
	defer late.Stop()
	return p.end(syscall.SIGTERM)
}

// Kill ends the process as a crash does.
func (p *Program) Kill() error { return p.end(syscall.SIGKILL) }

func (p *Program) end(how os.Signal) error {
	if err := p.cmd.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end a program: %w", err)
	}
	<-p.ended
	return nil
}

// Failed ends a program that failed, and adds how it ended and the last of what it wrote.
func (p *Program) Failed(err error) error {
	killed := p.Kill()
	text := p.log.String()
	return fmt.Errorf("%w\n%s", errors.Join(err, killed, p.err), text[max(0, len(text)-4000):])
}

// Resident is the process's resident memory in bytes, as Linux counts it.
func (p *Program) Resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("memory of a program: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("memory of a program: no VmRSS")
}

package side

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is how long has been run on processors.
type Usage struct{ Program, Redis, Driver time.Duration }

// Used is what a program, Redis and this process (the driver and the fakes) have used up to now.
func Used(p *Program, r *Redis) (Usage, error) {
	program, err := p.CPU()
	if err != nil {
		return Usage{}, err
	}
	server, err := r.CPU()
	if err != nil {
		return Usage{}, err
	}
	own, err := ownCPU()
	return Usage{program, server, own}, err
}

// Since is what was used since before.
func (u Usage) Since(before Usage) Usage {
	return Usage{u.Program - before.Program, u.Redis - before.Redis, u.Driver - before.Driver}
}

// Each writes how many milliseconds one of count things took, on average.
func (u Usage) Each(count int) string {
	return fmt.Sprintf("%.2f / %.2f / %.2f", Millis(u.Program)/float64(count), Millis(u.Redis)/float64(count), Millis(u.Driver)/float64(count))
}

// CPU is how long the process has run on processors, all its threads together.
func (p *Program) CPU() (time.Duration, error) { return processorTime(p.PID()) }

// CPU is how long the server has run on processors.
func (r *Redis) CPU() (time.Duration, error) { return r.program.CPU() }

// ownCPU is how long this process has run on processors.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("processor time of this process: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

func processorTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time of a program: %w", err)
	}
	return parseStat(string(text))
}

// clockTick is the unit of times in /proc, on every architecture that Go knows:
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html.
const clockTick = 10 * time.Millisecond

// parseStat is user and system time of a process. The name of its program is in parentheses
// and may hold anything, so fields are counted from the last one.
func parseStat(text string) (time.Duration, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const user, system = 14 - 3, 15 - 3 // the first field after the name is number 3
	if len(fields) <= system {
		return 0, fmt.Errorf("processor time of a program: %q has too few fields", text)
	}
	var sum time.Duration
	for _, f := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("processor time of a program: %w", err)
		}
		sum += time.Duration(n) * clockTick
	}
	return sum, nil
}

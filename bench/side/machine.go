package side

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine says on what was measured.
func Machine() string {
	return fmt.Sprintf("%s, %d cores, Linux %s, %s, %s", processor(), runtime.NumCPU(), oneLine("uname", "-r"), runtime.Version(), redisVersion())
}

func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func redisVersion() string {
	for word := range strings.FieldsSeq(oneLine("redis-server", "--version")) {
		if version, ok := strings.CutPrefix(word, "v="); ok {
			return "Redis " + version
		}
	}
	return "no redis-server"
}

// Commit is the commit of the repository at root, with a + where files differ from it.
func Commit(root string) string {
	commit := oneLine("git", "-C", root, "rev-parse", "--short", "HEAD")
	if oneLine("git", "-C", root, "status", "--porcelain", "--", "*.go", "*.lua", "go.mod") != "" {
		commit += "+"
	}
	return commit
}

// oneLine is the first line that a command writes; empty where it fails.
func oneLine(command ...string) string {
	text, err := exec.Command(command[0], command[1:]...).Output() //nolint:gosec,noctx // asks about this machine, at once
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return first
}

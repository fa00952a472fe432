// Package redistest gives tests a Redis: a real redis-server process of their
// own, and miniredis, so that the same test runs on both.
package redistest

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Each runs a test on miniredis and, where redis-server is installed, on a
// real server. With REQUIRE_REDIS set a missing server is a failure, so that
// a test run that counts leaves nothing out.
func Each(t *testing.T, test func(t *testing.T, addr string)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { test(t, Mini(t).Addr()) })
	Real(t, func(t *testing.T, s *Server) { test(t, s.Addr) })
}

// Real is Each for what only a real server can show.
func Real(t *testing.T, test func(t *testing.T, s *Server)) {
	t.Helper()
	if installed(t, program()) {
		t.Run("redis-server", func(t *testing.T) { test(t, Start(t)) })
	}
}

// Newer is Real on a valkey-server, which has what came with Redis 7.2 and is not in each
// system's redis-server yet.
func Newer(t *testing.T, test func(t *testing.T, s *Server)) {
	t.Helper()
	if installed(t, newer) {
		t.Run(newer, func(t *testing.T) { test(t, StartNewer(t)) })
	}
}

const newer = "valkey-server"

// Mini starts a miniredis for one test.
func Mini(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.RunT(t)
	m.ClockTTL(true)
	return m
}

// Best is the address of a real server where there is one, for benchmarks.
func Best(t testing.TB) string {
	t.Helper()
	if installed(t, program()) {
		return Start(t).Addr
	}
	return Mini(t).Addr()
}

// installed reports whether there is such a server.
func installed(t testing.TB, program string) bool {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return true
	}
	if os.Getenv("REQUIRE_REDIS") != "" { //nolint:forbidigo // what is a failure is for the test run to say
		t.Fatalf("%s is not installed, and REQUIRE_REDIS is set", program)
	}
	t.Logf("%s is not installed: what needs it does not run", program)
	return false
}

// program is the server that tests run: redis-server, or another that REDIS_SERVER
// names, such as valkey-server.
func program() string {
	return cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server") //nolint:forbidigo // which server is meant is for the test run to say
}

// Server is a redis-server process.
type Server struct {
	Addr    string
	program string
	dir     string
	args    []string
	env     []string // nil: this process's
	cmd     *exec.Cmd
}

// Start starts a redis-server on a free port, durable as the bot wants it, and
// ends it with the test. More arguments are given to the server as they are.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return start(t, program(), args)
}

// StartNewer is Start with a valkey-server.
func StartNewer(t testing.TB, args ...string) *Server {
	t.Helper()
	return start(t, newer, args)
}

func start(t testing.TB, program string, args []string) *Server {
	t.Helper()
	s := newServer(t, program, args...)
	s.Up(t)
	t.Cleanup(func() { s.Kill(t) })
	return s
}

// newServer is a server that does not run yet.
func newServer(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	port := FreePort(t)
	s := &Server{Addr: "127.0.0.1:" + port, program: program, dir: t.TempDir()}
	s.args = append([]string{
		"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "yes",
		"--appendfsync", "always", "--maxmemory-policy", "noeviction", "--enable-debug-command", "local",
	}, args...)
	return s
}

// Up starts the process and waits until it answers.
func (s *Server) Up(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command(s.program, s.args...) //nolint:gosec,noctx // our own arguments; it ends with Kill
	s.cmd.Env = s.env
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !s.answers(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("redis-server on %s does not answer", s.Addr)
		}
	}
}

// answers reports whether the server answers a ping. A client of its own for each
// try: one that failed to connect waits a second before it tries again.
func (s *Server) answers(ctx context.Context) bool {
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true})
	defer rdb.Close()
	return rdb.Ping(ctx).Err() == nil
}

// Kill ends the process at once, as a crash does.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Errorf("kill redis-server: %v", err)
	}
	if _, killed := errors.AsType[*exec.ExitError](s.cmd.Wait()); !killed {
		t.Errorf("redis-server on %s had ended by itself", s.Addr)
	}
	s.cmd = nil
}

// Backup keeps the data that is on the disk now. The function that it returns kills the
// server and starts it with that data.
func (s *Server) Backup(t testing.TB) (restore func()) {
	t.Helper()
	kept := t.TempDir()
	if err := os.CopyFS(kept, os.DirFS(s.dir)); err != nil {
		t.Fatalf("back up redis-server: %v", err)
	}
	return func() {
		t.Helper()
		s.Kill(t)
		if err := errors.Join(os.RemoveAll(s.dir), os.CopyFS(s.dir, os.DirFS(kept))); err != nil {
			t.Fatalf("restore redis-server: %v", err)
		}
		s.Up(t)
	}
}

// Client is a client of the server, closed with the test.
func (s *Server) Client(t testing.TB) *redis.Client {
	t.Helper()
	return Client(t, s.Addr)
}

// Client is a client as the bot makes it, closed with the test.
func Client(t testing.TB, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true})
	t.Cleanup(func() {
		if err := rdb.Close(); err != nil {
			t.Errorf("close the client of %s: %v", addr, err)
		}
	})
	return rdb
}

// FreePort is a port of this machine that nobody listens on. It is below those that the
// system gives to connections (net.ipv4.ip_local_port_range begins at 32768), so that
// nobody takes it before the test does, or while a server is down.
func FreePort(t testing.TB) string {
	t.Helper()
	for {
		port := strconv.Itoa(10_000 + rand.IntN(20_000)) //nolint:gosec // any port will do
		if l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port); err == nil && l.Close() == nil {
			return port
		}
	}
}

package redistest

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Watched is a master and its replicas, watched by three sentinels of which
// two decide (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/).
type Watched struct {
	Master    *Server
	Replicas  []*Server
	sentinels []string
}

// watchedName is what the sentinels call the master.
const watchedName = "main"

// Sentinel runs a test on a watched master with that many replicas, where
// redis-server is installed.
func Sentinel(t *testing.T, replicas int, test func(t *testing.T, w *Watched)) {
	t.Helper()
	if installed(t, program()) {
		t.Run("sentinel", func(t *testing.T) { test(t, StartWatched(t, replicas)) })
	}
}

// StartWatched starts a watched master with that many replicas and waits until
// the sentinels know all of them and each other.
func StartWatched(t testing.TB, replicas int) *Watched {
	t.Helper()
	w := &Watched{Master: Start(t)}
	for range replicas {
		w.Replicas = append(w.Replicas, StartReplica(t, w.Master))
	}
	for range 3 {
		w.sentinels = append(w.sentinels, startSentinel(t, w.Master).Addr)
	}
	Eventually(t, "the sentinels know everybody", w.known)
	return w
}

// StartReplica starts a replica of master that is in step with it.
func StartReplica(t testing.TB, master *Server) *Server {
	t.Helper()
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	// By default a master waits 5 s for more replicas before it sends its data.
	must(t, master.Client(t).ConfigSet(t.Context(), "repl-diskless-sync-delay", "0"))
	s := start(t, cmp.Or(master.program, program()), []string{"--replicaof", host + " " + port, "--repl-diskless-sync-delay", "0"})
	rdb := s.Client(t)
	Eventually(t, "the replica is in step", func(ctx context.Context) bool {
		return info(rdb.Info(ctx, "replication").Val(), "master_link_status") == "up"
	})
	return s
}

func startSentinel(t testing.TB, master *Server) *Server {
	t.Helper()
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	own, dir := FreePort(t), t.TempDir()
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor %s %s %s 2\n"+
		"sentinel down-after-milliseconds %[3]s 500\nsentinel failover-timeout %[3]s 5000\n", own, dir, watchedName, host, port)
	conf := filepath.Join(dir, "sentinel.conf")
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: "127.0.0.1:" + own, program: program(), dir: dir, args: []string{conf, "--sentinel"}}
	s.Up(t)
	t.Cleanup(func() { s.Kill(t) })
	// A master that comes back is made a replica after four of these.
	must(t, s.Client(t).Do(t.Context(), "sentinel", "debug", "publish-period", "500"))
	return s
}

// known reports whether each sentinel knows all replicas and both others.
func (w *Watched) known(ctx context.Context) bool {
	for _, addr := range w.sentinels {
		master, err := askSentinel(ctx, addr)
		if err != nil || master["num-other-sentinels"] != "2" || master["num-slaves"] != strconv.Itoa(len(w.Replicas)) {
			return false
		}
	}
	return true
}

// MasterAddr is who the sentinels say is master now; empty if they disagree.
func (w *Watched) MasterAddr(ctx context.Context) string {
	said := map[string]bool{}
	last := ""
	for _, addr := range w.sentinels {
		master, err := askSentinel(ctx, addr)
		if err != nil {
			return ""
		}
		last = net.JoinHostPort(master["ip"], master["port"])
		said[last] = true
	}
	if len(said) != 1 {
		return ""
	}
	return last
}

func askSentinel(ctx context.Context, addr string) (map[string]string, error) {
	c := redis.NewSentinelClient(&redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true})
	defer c.Close()
	return c.Master(ctx, watchedName).Result()
}

// Client is a client that asks the sentinels who is master, made as the bot
// makes it and closed with the test.
func (w *Watched) Client(t testing.TB) *redis.Client {
	t.Helper()
	rdb := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: watchedName, SentinelAddrs: w.sentinels, MaxRetries: -1, DialerRetries: 1, DialTimeout: time.Second,
		ContextTimeoutEnabled: true, DisableIdentity: true,
	})
	t.Cleanup(func() {
		if err := rdb.Close(); err != nil {
			t.Errorf("close the client of the sentinels: %v", err)
		}
	})
	return rdb
}

// Eventually asks until it is so, and fails the test after 30 seconds.
func Eventually(t testing.TB, what string, so func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it never came to be so: %s", what)
		}
	}
}

package app_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// knock opens a connection to the bot's server and says something there. It is
// closed with the test.
func knock(t *testing.T, addr, says string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(limit(t), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	io.WriteString(conn, says) // the server may have hung up, as it should
	return conn
}

// TestServerCrowd lets more connections come than the server has room for, of
// every kind that holds one: the probes are answered, and the bot works.
func TestServerCrowd(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.HTTPAddr = freeAddr(t)
	l := launch(t, p, env)
	l.becomes(t, p)
	const get = "GET /healthz HTTP/1.1\r\nHost: h\r\n"
	for _, says := range []string{
		"", get, get + "Content-Length: 10\r\n\r\n", get + "Connection: keep-alive\r\n\r\n",
		get + "X-Large: " + strings.Repeat("x", 64<<10),
	} {
		for range 300 {
			knock(t, env.HTTPAddr, says)
		}
		wantProbe(t, env.HTTPAddr, "/healthz", http.StatusOK, "ok")
	}
	l.log.wait(t, "http connection limit reached")
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready")
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Succeeded")
}

// TestServerLargeHeaders sends 200 headers of 1 MB at once.
func TestServerLargeHeaders(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.HTTPAddr = freeAddr(t)
	run(t, p, env, app.Options{})
	header := "GET /healthz HTTP/1.1\r\nHost: h\r\nX-Large: " + strings.Repeat("x", 1<<20) + "\r\n\r\n"
	var all sync.WaitGroup
	for range 200 {
		conn := knock(t, env.HTTPAddr, "")
		all.Go(func() {
			io.WriteString(conn, header) // it cannot all be sent
			answer, _ := io.ReadAll(conn)
			if text := string(answer); text != "" && !strings.Contains(text, "431 ") {
				t.Errorf("answer %q", text)
			}
		})
	}
	all.Wait()
	wantProbe(t, env.HTTPAddr, "/healthz", http.StatusOK, "ok")
}

// looks counts how often Redis is asked whether it is there.
type looks struct{ n atomic.Int64 }

// DialHook counts nothing.
func (p *looks) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook counts what tries all that the bot needs of Redis.
func (p *looks) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if triesAll(cmd) {
			p.n.Add(1)
		}
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook counts nothing.
func (p *looks) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// TestReadyCrowd lets 300 clients ask for /readyz again and again while Redis is
// slow: Redis is asked once a second, and commands do not wait for them.
func TestReadyCrowd(t *testing.T) {
	t.Parallel()
	way := newStall(t, redistest.Mini(t).Addr())
	p := open(t, way.addr, nil)
	env := p.Env()
	env.HTTPAddr = freeAddr(t)
	var looked looks
	run(t, p, env, app.Options{Hook: &looked})
	way.hold()
	wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "not ready: redis: ")
	before, start := looked.n.Load(), time.Now()
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			for range 3 {
				if err := asks(limit(t), env.HTTPAddr); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	most := int64(time.Since(start)/time.Second) + 1 // at the beginning, and once in each second
	if n := looked.n.Load() - before; before == 0 || n > most {
		t.Errorf("Redis was tried %d times in %v, want at most %d; %d before", n, time.Since(start), most, before)
	}
	wantProbe(t, env.HTTPAddr, "/healthz", http.StatusOK, "ok")
	way.pass()
	wantReady(t, env.HTTPAddr, http.StatusOK, "ready")
	pending(t, p, "investigate "+sandbox.Server+" why")
}

// asks expects one answer of /readyz, which says that Redis does not answer.
func asks(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "not ready: redis: ") {
		return fmt.Errorf("/readyz: status %d: %s", res.StatusCode, body)
	}
	return nil
}

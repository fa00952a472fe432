package docs_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// steps are what a document has people do without a command.
func steps() map[string]func(t *testing.T, r *reader, text string) {
	return map[string]func(*testing.T, *reader, string){
		"ask":      ask,
		"kill":     func(t *testing.T, r *reader, _ string) { t.Helper(); r.terminals["one"].signal(t, syscall.SIGKILL) },
		"approve":  approve,
		"redis":    startRedis,
		"restored": restored,
		"key":      key,
		"newkey":   newKey,
	}
}

const channel = "incident-42"

// page is the address of the sandbox's page.
func (r *reader) page(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(r.terminals["sandbox"].out.text())
	if found == "" {
		t.Fatalf("the sandbox says no address:\n%s", r.terminals["sandbox"].out.text())
	}
	return found
}

// ask types what the document says, as Ada, and waits for its card.
func ask(t *testing.T, r *reader, text string) {
	t.Helper()
	post(t, r.page(t)+"/say", url.Values{"as": {"ada"}, "in": {channel}, "text": {text}})
	sees(t, r.page(t), "grace", "Waiting for approval")
}

// approve presses the button as Grace, and waits for the result.
func approve(t *testing.T, r *reader, _ string) {
	t.Helper()
	post(t, r.page(t)+"/click", url.Values{"as": {"grace"}, "in": {channel}, "ts": {r.card(t)}, "action": {"approve"}})
	sees(t, r.page(t), "ada", "✅ Succeeded")
}

// startRedis is the Redis of whoever reads on, with a user as the documents name it.
func startRedis(t *testing.T, r *reader, _ string) {
	t.Helper()
	server := redistest.Start(t)
	rdb := server.Client(t)
	err := errors.Join(
		rdb.Set(t.Context(), "what", "is there", 0).Err(),
		rdb.Do(t.Context(), "ACL", "SETUSER", "defenderbot", "on", ">old").Err(),
	)
	if err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "REDIS_URL=redis://"+server.Addr)
}

// restored looks whether the server that was restored has what the other one had, and
// keeps it.
func restored(t *testing.T, r *reader, _ string) {
	t.Helper()
	rdb := redistest.Client(t, "127.0.0.1:"+r.ports.Replace("6390"))
	got, err := rdb.Get(t.Context(), "what").Result()
	if err != nil || got != "is there" {
		t.Errorf("%q, %v", got, err)
	}
	if info := rdb.Info(t.Context(), "persistence").Val(); !strings.Contains(info, "aof_enabled:1") {
		t.Errorf("it has no append-only file:\n%s", info)
	}
	if files, err := filepath.Glob(filepath.Join(r.dir, "restored", "appendonlydir", "*.rdb")); err != nil || len(files) != 1 {
		t.Errorf("what it keeps: %q, %v", files, err)
	}
}

// key is one that has sealed the trail so far.
func key(t *testing.T, r *reader, _ string) {
	t.Helper()
	w := r.open(t, "openssl genpkey -algorithm ed25519 -out audit-key.pem")
	if err := w.wait(t, time.Minute); err != nil {
		t.Fatal(err, w.out.text())
	}
}

// newKey looks whether the bot takes the one that follows.
func newKey(t *testing.T, r *reader, _ string) {
	t.Helper()
	if _, err := audit.ReadKey(filepath.Join(r.dir, "next-key.pem")); err != nil {
		t.Error(err)
	}
}

// card is the message that can be approved.
func (r *reader) card(t *testing.T) string {
	t.Helper()
	for message := range strings.SplitSeq(get(t, r.page(t)+"/?as=grace&in="+channel), "<article") {
		if found := regexp.MustCompile(`data-ts="([0-9.]+)"`).FindStringSubmatch(message); found != nil && strings.Contains(message, `data-action="approve"`) {
			return found[1]
		}
	}
	t.Fatal("there is no card to approve")
	return ""
}

// sees waits until somebody's page shows something.
func sees(t *testing.T, page, who, what string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	body := call(ctx, t, http.MethodGet, page+"/events?as="+who+"&in="+channel, nil)
	defer body.Close()
	parts := bufio.NewScanner(body)
	parts.Buffer(nil, 1<<20)
	for parts.Scan() {
		if strings.Contains(parts.Text(), what) {
			return
		}
	}
	t.Fatalf("%s does not see %q: %v", who, what, parts.Err())
}

func get(t *testing.T, address string) string {
	t.Helper()
	body := call(t.Context(), t, http.MethodGet, address, nil)
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func post(t *testing.T, address string, form url.Values) {
	t.Helper()
	if err := call(t.Context(), t, http.MethodPost, address, form).Close(); err != nil {
		t.Fatal(err)
	}
}

func call(ctx context.Context, t *testing.T, method, address string, form url.Values) io.ReadCloser {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		said, _ := io.ReadAll(res.Body) // it is for the message alone
		t.Fatalf("%s: %s: %s", address, res.Status, said)
	}
	return res.Body
}

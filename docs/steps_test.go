package docs_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// steps are what a document has people do without a command.
func steps() map[string]func(t *testing.T, r *reader, text string) {
	return map[string]func(*testing.T, *reader, string){
		"ask":     ask,
		"kill":    func(t *testing.T, r *reader, _ string) { t.Helper(); r.terminals["one"].signal(t, syscall.SIGKILL) },
		"approve": approve,
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

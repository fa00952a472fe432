package slackfake

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"defenderbot/internal/testclock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ana     = "U0ANA"
	ben     = "U0BEN"
	guest   = "U0GUEST"
	ext     = "U0EXT"
	gone    = "U0GONE"
	general = "C0GENERAL" // the bot is in
	lonely  = "C0LONELY"  // public, the bot is not in
	secret  = "C0SECRET"  // private, the bot is not in
	old     = "C0OLD"     // archived
)

// start opens a workspace with a few people and channels.
func start(t *testing.T, change ...func(*Options)) (*Server, *testclock.Clock) {
	t.Helper()
	c := testclock.New(time.Date(2026, 3, 4, 14, 3, 7, 0, time.UTC))
	o := Options{Now: c.Now, AckByClock: true, EventRetries: []time.Duration{0, 0, 0}}
	for _, f := range change {
		f(&o)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddUser(User{ID: ana, Name: "ana", RealName: "Ana Ruiz"})
	s.AddUser(User{ID: ben, Name: "ben", RealName: "Ben Okoro"})
	s.AddUser(User{ID: guest, Name: "gus", Guest: SingleGuest})
	s.AddUser(User{ID: ext, Name: "eve", TeamID: "T0OTHER"})
	s.AddUser(User{ID: gone, Name: "zoe", Deleted: true})
	s.AddGroup(Group{ID: "S0OPS", Handle: "secops", Members: []string{ana, gone}})
	everybody := []string{ana, ben, guest, ext, gone}
	s.AddChannel(Channel{ID: general, Name: "general", Bot: true, Members: everybody})
	s.AddChannel(Channel{ID: lonely, Name: "lonely", Members: everybody})
	s.AddChannel(Channel{ID: secret, Name: "secret", Private: true, Members: everybody})
	s.AddChannel(Channel{ID: old, Name: "old", Bot: true, Archived: true, Members: everybody})
	return s, c
}

// call makes a Web API call with the token in a form and returns the answer.
func call(t *testing.T, s *Server, method, token string, form map[string]string) map[string]any {
	t.Helper()
	v := url.Values{"token": {token}}
	for k, x := range form {
		v.Set(k, x)
	}
	return send(t, s.APIURL()+method, "application/x-www-form-urlencoded", "", v.Encode()).body
}

// bot calls as the bot and fails the test unless the answer is ok.
func bot(t *testing.T, s *Server, method string, form map[string]string) map[string]any {
	t.Helper()
	body := call(t, s, method, s.BotToken(), form)
	if body["ok"] != true {
		t.Fatalf("%s: %v", method, body)
	}
	return body
}

// answered is an HTTP answer that has been read.
type answered struct {
	status int
	header http.Header
	body   map[string]any
}

// send posts a body and reads a JSON answer.
func send(t *testing.T, to, kind, bearer, body string) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("answer %q: %v", raw, err)
	}
	return answered{resp.StatusCode, resp.Header, out}
}

// client is a bare Socket Mode client.
type client struct {
	t     *testing.T
	conn  *websocket.Conn
	write sync.Mutex
	in    chan map[string]any // closed at the end of the connection
}

// link asks for a socket's address.
func link(t *testing.T, s *Server) string {
	t.Helper()
	body := call(t, s, "apps.connections.open", s.AppToken(), nil)
	to, ok := body["url"].(string)
	if !ok {
		t.Fatalf("apps.connections.open: %v", body)
	}
	return to
}

// dial opens a socket and reads until it ends. The hello is still to be read. Setup sees the connection before the reader.
func dial(t *testing.T, s *Server, setup ...func(*websocket.Conn)) *client {
	t.Helper()
	d := websocket.Dialer{WriteBufferSize: 32 << 10} // a smaller buffer sends large acknowledgements in fragments
	conn, resp, err := d.DialContext(t.Context(), link(t, s), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for _, f := range setup {
		f(conn)
	}
	c := &client{t: t, conn: conn, in: make(chan map[string]any, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(c.in)
		for {
			var m map[string]any
			if conn.ReadJSON(&m) != nil {
				return
			}
			c.in <- m
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return c
}

// open dials and waits until envelopes can come.
func open(t *testing.T, s *Server) *client {
	t.Helper()
	before := len(s.Sockets())
	c := dial(t, s)
	if m := c.read(); m["type"] != "hello" {
		t.Fatalf("first frame: %v, want hello", m)
	}
	wait(t, s, func(s *Server) bool { return len(s.Sockets()) == before+1 })
	return c
}

// read returns the next frame, or nil when the connection has ended.
func (c *client) read() map[string]any {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	select {
	case m := <-c.in:
		return m
	case <-ctx.Done():
		c.t.Fatal("nothing to read")
		return nil
	}
}

// raw writes a text frame.
func (c *client) raw(text string) {
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Errorf("write: %v", err)
	}
}

// ack answers an envelope; payload may be empty.
func (c *client) ack(m map[string]any, payload string) {
	id, _ := m["envelope_id"].(string)
	if payload == "" {
		c.raw(`{"envelope_id":"` + id + `"}`)
		return
	}
	c.raw(`{"envelope_id":"` + id + `","payload":` + payload + `}`)
}

// serve answers every envelope with what answer says, until the connection ends.
func (c *client) serve(answer func(m map[string]any) string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m := range c.in {
			if m["envelope_id"] != nil {
				c.ack(m, answer(m))
			}
		}
	}()
	c.t.Cleanup(func() { c.conn.Close(); <-done })
}

func silent(map[string]any) string { return "" }

func wait(t *testing.T, s *Server, seen func(*Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Wait(ctx, seen); err != nil {
		t.Fatal(err)
	}
}

// within runs something that waits for the app, beside the test.
func within[T any](t *testing.T, f func(context.Context) (T, error)) <-chan T {
	t.Helper()
	out := make(chan T, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		v, err := f(ctx)
		if err != nil {
			t.Error(err)
		}
		out <- v
	}()
	t.Cleanup(func() { <-done })
	return out
}

// at digs a value out of decoded JSON.
func at(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// sentCount is how many envelopes have gone out.
func (s *Server) sentCount() int { return s.Totals().Envelopes }

// submit sends a modal and acknowledges it.
func submit(t *testing.T, s *Server, app *client, v View, ack string) Outcome {
	t.Helper()
	got := within(t, func(ctx context.Context) (Outcome, error) {
		return s.Submit(ctx, ana, v.ID, map[string]string{"reason": "no"})
	})
	app.ack(app.read(), ack)
	return <-got
}

const smallView = `{"type":"modal","title":{"type":"plain_text","text":"Why"},"submit":{"type":"plain_text","text":"Deny"},
	"private_metadata":"D-1","callback_id":"deny","notify_on_close":true,"blocks":[{"type":"input","block_id":"why",
	"label":{"type":"plain_text","text":"Reason"},"element":{"type":"plain_text_input","action_id":"reason","max_length":10}}]}`

// openModal clicks and opens smallView with the trigger.
func openModal(t *testing.T, s *Server, app *client) View {
	t.Helper()
	ts := card(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Click(ctx, ana, general, ts, "approve") })
	m := app.read()
	trigger := at(m, "payload", "trigger_id").(string)
	bot(t, s, "views.open", form("trigger_id", trigger, "view", smallView))
	app.ack(m, "")
	<-got
	return s.Views(ana)[0]
}

// refused is one call and the error it must get.
type refused struct {
	name   string
	method string
	form   map[string]string
	want   string
}

func form(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

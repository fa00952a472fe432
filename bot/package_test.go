package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/approvals/office"
	"defenderbot/defender"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// links counts how often a Defender was asked for the link to a package.
type links struct {
	asked atomic.Int64
	hold  chan struct{} // nothing is answered until it is closed; nil: at once
}

func (l *links) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"x.y.z"}`)
		return
	}
	l.asked.Add(1)
	if l.hold != nil {
		<-l.hold
	}
	fmt.Fprintf(w, `{"value":%q}`, `"`+packageLink+`"`)
}

// fetching is a Slack side with a Defender that gives links, what it logs, and a card of a
// request with that many packages.
func fetching(t *testing.T, packages int) (d *desked, l *links, log *book, r approvals.Request) {
	t.Helper()
	d, l = deskOn(t, redistest.Mini(t).Addr(), 1), &links{}
	logger, log := logbook()
	d.front.log = logger
	d.front.workspace.Use(views())
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	tokens, err := defender.NewTokens(defender.TokenConfig{TokenURL: server.URL + "/token", ClientID: "c", Scope: "s", Credential: defender.Secret("x"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	client, err := defender.New(defender.Config{BaseURL: server.URL, Tokens: tokens, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	policy := approvals.Policy{Default: approvals.Rule{Approvers: approvals.List{Users: []string{clicker}}, Needed: 1}}
	quiet := slog.New(slog.DiscardHandler)
	d.front.desk = office.NewDesk(office.DeskConfig{
		Store: d.store, Defender: client, People: d.front.workspace, Policy: policy, Roster: office.NewRoster(d.front.workspace, policy, quiet),
		Worker: office.NewWorker(office.WorkerConfig{Store: d.store, People: d.front.workspace, Policy: policy, Chat: d.front.workspace, Log: quiet}),
	})
	return d, l, log, d.collected(packages)
}

// collected is a request of which each device has its package, with its card.
func (d *desked) collected(packages int) approvals.Request {
	d.t.Helper()
	r := d.pendingRequest(typist)
	for i := 1; i < packages; i++ {
		r.Devices = append(r.Devices, device(i))
	}
	r.Calls, r.State, r.EndedAt = nil, approvals.Done, r.Opened
	r.Approvals = []approvals.Approval{{By: approvals.Person{ID: clicker}, At: r.Opened}}
	for range packages {
		c := ran()
		c.EndedAt = r.Opened
		r.Calls = append(r.Calls, c)
	}
	ts, err := d.front.workspace.Show(d.t.Context(), r)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Card = approvals.Card{TS: ts, Shown: r.Visible}
	text, err := json.Marshal(r)
	if err != nil {
		d.t.Fatal(err)
	}
	was, err := d.redis.Get(d.t.Context(), d.store.Key(r.ID)).Result()
	if err != nil {
		d.t.Fatal(err)
	}
	head := was[:strings.IndexByte(was, '{')]
	if err := d.redis.Set(d.t.Context(), d.store.Key(r.ID), head+string(text), 0).Err(); err != nil {
		d.t.Fatal(err)
	}
	return r
}

// linked has that many links fetched at a time.
func (d *desked) linked(count int, at time.Time) {
	d.t.Helper()
	if _, err := d.store.BookReads(d.t.Context(), defender.PackageEndpoint(), 1, ledger.ForPackage()); err != nil {
		d.t.Fatal(err)
	}
	keys, err := d.redis.Keys(d.t.Context(), "*window:getPackageUri").Result()
	if err != nil || len(keys) != 1 {
		d.t.Fatalf("windows %q, %v", keys, err)
	}
	d.redis.Del(d.t.Context(), keys[0])
	for n := range count {
		if err := d.redis.ZAdd(d.t.Context(), keys[0], redis.Z{Score: float64(at.UnixMilli()), Member: fmt.Sprint("link", n)}).Err(); err != nil {
			d.t.Fatal(err)
		}
	}
}

// heard waits until somebody was told something with these words, and is that message.
func (d *desked) heard(user string, words ...string) (m slackfake.Message) {
	d.t.Helper()
	sockWait(d.t, d.slack, user+" hears "+strings.Join(words, ", "), func() bool {
		for _, m = range d.slack.Ephemerals(user) {
			if all := m.Text + string(m.Blocks); containsAll(all, words) {
				return true
			}
		}
		return false
	})
	return m
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// TestPackageLink: the link comes to whoever pressed, is a link, and is in no text, log or
// other message.
func TestPackageLink(t *testing.T) {
	d, _, log, r := fetching(t, 1)
	if _, err := d.slack.Click(soon(t), clicker, channel, r.Card.TS, actionPackage); err != nil {
		t.Fatal(err)
	}
	m := d.heard(clicker, "Download the package", "do not pass it on", r.ID)
	if !strings.Contains(string(m.Blocks), packageLink) || strings.Contains(m.Text, "SECRET") {
		t.Errorf("text %q, blocks %s", m.Text, m.Blocks)
	}
	var all strings.Builder
	fmt.Fprint(&all, log.read(), d.slack.Transcript(channel, typist), d.slack.Messages(channel), d.slack.DMs(clicker))
	for _, call := range d.slack.APICalls() {
		if call.Method != "chat.postEphemeral" {
			fmt.Fprint(&all, call)
		}
	}
	everything := all.String()
	if strings.Contains(everything, "SECRET") || !strings.Contains(log.read(), "package link given") {
		t.Errorf("the link got out, or nothing is logged: %s", everything)
	}
}

// TestPackageSeveral: the list has a button for each device, which counts where it was
// shown and for whoever may.
func TestPackageSeveral(t *testing.T) {
	d, l, _, r := fetching(t, 3)
	if _, err := d.slack.Click(soon(t), typist, channel, r.Card.TS, actionPackage); err != nil {
		t.Fatal(err)
	}
	list := d.heard(typist, "3 packages of "+r.ID, device(1).ID, device(2).Name)
	if n := strings.Count(string(list.Blocks), `"action_id":"package"`); n != 3 || l.asked.Load() != 0 {
		t.Fatalf("%d buttons, and Defender was asked %d times: %s", n, l.asked.Load(), list.Blocks)
	}
	for _, tt := range []struct{ user, value, want string }{
		{typist, r.ID + "." + r.Digest() + ".2", "Download the package"},
		{"U0STRANGER", r.ID + "." + r.Digest() + ".1", ""},
		{clicker, r.ID + "." + r.Digest() + ".3", "There is no package here"},
		{clicker, r.ID + "." + r.Digest() + ".-1", "There is no package here"},
		{clicker, r.ID + "." + r.Digest(), "There is no package here"},
		{clicker, r.ID + ".0000.1", "does not match this request"},
		{clicker, "D-000000.0000.1", "I have no record of that request"},
		{clicker, "", "I have no record of that request"},
	} {
		var answer string
		i := interaction{User: named{tt.user}, Team: named{d.slack.TeamID()}, Channel: channelNamed{ID: channel}}
		i.Container.ChannelID, i.Container.MessageTS, i.Container.Ephemeral = channel, list.TS, json.RawMessage("true")
		i.Actions = []pressed{{ActionID: actionPackage, Value: tt.value}}
		before := l.asked.Load()
		d.front.press(t.Context(), envelope("package "+tt.user+tt.value, &answer), i)
		if tt.want != "" {
			d.heard(tt.user, tt.want)
		}
		if got := l.asked.Load() - before; (got > 0) != (tt.want == "Download the package") {
			t.Errorf("%s with %q: Defender was asked %d times", tt.user, tt.value, got)
		}
	}
}

// TestPackageWaits: who comes while the window is full is told when, and gets the link
// then; the click was answered long before, and nobody else waits.
func TestPackageWaits(t *testing.T) {
	d, l, _, r := fetching(t, 1)
	almost := time.Now().Add(2*time.Second - time.Minute - approvals.Margin)
	d.linked(2, almost)
	out, err := d.slack.Click(soon(t), clicker, channel, r.Card.TS, actionPackage)
	if err != nil || !out.Acked {
		t.Fatalf("acknowledged %v, %v", out.Acked, err)
	}
	d.heard(clicker, "2 package links a minute and 120 an hour", "You get the link here <!date^")
	if l.asked.Load() != 0 {
		t.Error("Defender was asked before its time")
	}
	d.heard(clicker, "Download the package")
}

// TestPackageLater: where it takes longer than a minute, nobody waits.
func TestPackageLater(t *testing.T) {
	d, l, _, r := fetching(t, 1)
	d.linked(120, time.Now().Add(-30*time.Minute))
	if _, err := d.slack.Click(soon(t), clicker, channel, r.Card.TS, actionPackage); err != nil {
		t.Fatal(err)
	}
	d.heard(clicker, "are used up", "Press the button again <!date^")
	if l.asked.Load() != 0 {
		t.Error("Defender was asked")
	}
}

// TestPackageShutdown: whoever waits when the bot stops is told to press again; it does not
// wait for them.
func TestPackageShutdown(t *testing.T) {
	d, _, _, r := fetching(t, 1)
	d.linked(2, time.Now())
	front := New(Config{Desk: d.front.desk, Workspace: d.front.workspace, Grammar: grammar(), Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- front.Run(ctx) }()
	a := act{by: office.By{Op: "x", User: clicker, Place: r.Place, Private: true}, to: reply{clicker, channel, ""}, id: r.ID, digest: r.Digest()}
	if said := front.deliver(t.Context(), a, r); said != nil {
		t.Fatal(said.plain())
	}
	d.heard(clicker, "You get the link here")
	cancel()
	d.heard(clicker, "I am being restarted")
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-soon(t).Done():
		t.Error("the bot waits")
	}
}

// TestPackageCrowd: only a limited number wait at once; the others are told so.
func TestPackageCrowd(t *testing.T) {
	d, l, _, r := fetching(t, 1)
	l.hold = make(chan struct{})
	var running atomic.Int64
	for range fetches {
		if !d.front.fetches.TryGo(func() error { running.Add(1); <-l.hold; return nil }) {
			t.Fatal("there is no place")
		}
	}
	if _, err := d.slack.Click(soon(t), clicker, channel, r.Card.TS, actionPackage); err != nil {
		t.Fatal(err)
	}
	d.heard(clicker, busySentence)
	close(l.hold)
}

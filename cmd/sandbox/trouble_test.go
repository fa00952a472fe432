package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

func openPlace(t *testing.T) *sandbox.Place {
	t.Helper()
	p, err := sandbox.Open(sandbox.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// start asks Defender for a package of a device as the bot does, and returns
// the status; 0 when there was no answer.
func start(t *testing.T, p *sandbox.Place, device string) int {
	t.Helper()
	return startOf(t, p, defenderfake.CollectPackage, device)
}

// startOf is start for any action.
func startOf(t *testing.T, p *sandbox.Place, endpoint, device string) int {
	t.Helper()
	form := strings.NewReader("grant_type=client_credentials&scope=" + p.Defender.Scope() + "&client_id=" +
		defenderfake.DefaultClientID + "&client_secret=" + defenderfake.DefaultClientSecret)
	answer, err := http.Post(p.Defender.Authority()+"/"+defenderfake.DefaultTenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", form)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Defender.URL()+"/api/machines/"+device+"/"+strings.TrimPrefix(endpoint, "machines/"),
		strings.NewReader(`{"Comment":"why","ScanType":"Full","IsolationType":"Selective"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	done, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer done.Body.Close()
	return done.StatusCode
}

func TestThrottle(t *testing.T) {
	p := openPlace(t)
	tr := newTrouble(p)
	tr.throttle()
	for _, a := range defender.Actions() {
		if got := startOf(t, p, "machines/"+a.Post.Name, sandbox.Desktop); got != http.StatusTooManyRequests {
			t.Errorf("%s, throttled: status %d", a.Name, got)
		}
	}
	if tr.settle() || tr.state().Throttled.IsZero() {
		t.Error("the throttle was lifted at once")
	}
	if err := p.Skip(throttleFor); err != nil {
		t.Fatal(err)
	}
	if !tr.settle() || !tr.state().Throttled.IsZero() {
		t.Error("the throttle was not lifted when its time had come")
	}
	if got := start(t, p, sandbox.Desktop); got != http.StatusCreated {
		t.Errorf("afterwards: status %d", got)
	}
}

// TestCut loses one answer and not what was asked for, nor the next answer.
func TestCut(t *testing.T) {
	p := openPlace(t)
	tr := newTrouble(p)
	tr.cutNext()
	if tr.settle() || !tr.state().Cut {
		t.Error("it was over before a POST came")
	}
	if got := start(t, p, sandbox.Desktop); got != 0 {
		t.Errorf("cut: status %d", got)
	}
	if n := len(p.Defender.Actions()); n != 1 {
		t.Errorf("%d actions were started, want 1", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Defender.Wait(ctx, func(defenderfake.Snapshot) bool { return !tr.state().Cut || tr.settle() }); err != nil {
		t.Fatal(err)
	}
	if got := start(t, p, sandbox.Laptop); got != http.StatusCreated {
		t.Errorf("the next: status %d", got)
	}
}

// TestEnded refuses investigations and nothing else, until it is taken back.
func TestEnded(t *testing.T) {
	p := openPlace(t)
	tr := newTrouble(p)
	for _, ended := range []bool{true, false} {
		tr.setEnded(ended)
		want := map[bool]int{true: http.StatusForbidden, false: http.StatusCreated}[ended]
		if got := startOf(t, p, defenderfake.StartInvestigation, sandbox.Desktop); got != want || tr.state().Ended != ended {
			t.Errorf("ended %v: status %d, and the page says %+v", ended, got, tr.state())
		}
	}
	tr.setEnded(true)
	if got := start(t, p, sandbox.Desktop); got != http.StatusCreated {
		t.Errorf("a package: status %d", got)
	}
}

// TestBusyDevice: a scan from the portal runs on one device and goes on running; what
// the bot starts there ends as anywhere.
func TestBusyDevice(t *testing.T) {
	p := openPlace(t)
	if err := scanBusy(p); err != nil {
		t.Fatal(err)
	}
	if got := startOf(t, p, defenderfake.RunScan, sandbox.Busy); got != http.StatusBadRequest {
		t.Errorf("another scan: status %d", got)
	}
	if got := start(t, p, sandbox.Busy); got != http.StatusCreated {
		t.Errorf("a package: status %d", got)
	}
	if err := p.Skip(24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range p.Defender.Actions() {
		got[a.Type] = a.Status
	}
	want := map[string]string{"RunAntiVirusScan": defenderfake.ActionInProgress, "CollectInvestigationPackage": defenderfake.ActionSucceeded}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after a day (-want +got):\n%s", diff)
	}
}

func TestDown(t *testing.T) {
	p := openPlace(t)
	tr := newTrouble(p)
	for _, down := range []bool{true, true, false, false} {
		if err := tr.setDown(down); err != nil {
			t.Fatal(err)
		}
		if got := start(t, p, sandbox.Desktop) == 0; got != down || tr.state().Down != down {
			t.Errorf("down %v: nobody answers is %v, and the page says %+v", down, got, tr.state())
		}
	}
}

// TestTwoTimes lets the time of the page run, and not when Redis has its own.
func TestTwoTimes(t *testing.T) {
	p := openPlace(t)
	s := &site{place: p, trouble: newTrouble(p), pace: pace{place: p}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.pace.run(ctx)
	}()
	s.pace.fast.Store(true)
	began := time.Now()
	passed := func() bool { return p.Now().Sub(began) > 10*time.Second+time.Since(began) }
	for deadline := time.NewTimer(10 * time.Second); !passed(); {
		select {
		case <-deadline.C:
			t.Fatal("time does not run faster")
		case <-p.Defender.Changed():
		case <-time.Tick(step):
		}
	}
	cancel()
	<-ended
}

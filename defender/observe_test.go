package defender_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// TestObserve: each request is told of by the endpoint whose limits it counts against, with
// its status; what was never begun is not.
func TestObserve(t *testing.T) {
	const job = "b5f5d5a1-3e52-4c0c-9f4b-2b9d5a1f6f11"
	type told struct {
		Endpoint string
		Status   int
	}
	var got []told
	status := http.StatusNotFound
	r := setup(t, func(w http.ResponseWriter, req *http.Request) { answers(status, `{}`)(w, req) })
	r.connect(t, defender.Config{BaseURL: r.server.URL, Now: time.Now, Observe: func(endpoint string, status int, took time.Duration) {
		got = append(got, told{endpoint, status})
		if took <= 0 || took > time.Minute {
			t.Errorf("it took %s", took)
		}
	}})
	collect := order(t, "collect", device40)
	ctx := t.Context()
	_, _ = r.Device(ctx, device40) // what comes of them other tests look at
	_, _ = r.DevicesNamed(ctx, "host.example")
	_, _ = r.Job(ctx, defender.TrackMachineActions, job)
	_, _ = r.Jobs(ctx, defender.TrackMachineActions, []string{job})
	_, _ = r.Job(ctx, defender.TrackInvestigations, "5")
	status = http.StatusServiceUnavailable
	_, _ = r.Start(ctx, collect)
	_, _ = r.Start(ctx, order(t, "investigate", device40))
	_, _ = r.Cancel(ctx, defender.Cancellation{Action: collect.Action, JobID: job, Comment: "why", NotAfter: collect.NotAfter})
	_, _ = r.PackageURI(ctx, job)
	_, _ = r.Device(ctx, "not an id")
	r.server.Close()
	_, _ = r.Device(ctx, device40)
	want := []told{
		{"machines", 404},
		{"machines", 404},
		{"machineactions", 404},
		{"machineactions", 404},
		{"investigations", 404},
		{"collectInvestigationPackage", 503},
		{"startInvestigation", 503},
		{"cancel", 503},
		{"getPackageUri", 503},
		{"machines", 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TestObserveTokens: each request for a token is told of, and how old the token is.
func TestObserveTokens(t *testing.T) {
	clock := newClock()
	var got []int
	answer := canned(http.StatusServiceUnavailable, `{}`)
	tokens, err := defender.NewTokens(defender.TokenConfig{
		TokenURL: "https://login.example/t", ClientID: "client", Scope: "s", Credential: defender.Secret(clientSecret), Now: clock.Now,
		Transport: trip(func(r *http.Request) (*http.Response, error) { return answer(r) }),
		Observe:   func(status int, _ time.Duration) { got = append(got, status) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Get(t.Context()); err == nil || tokens.Usable() || tokens.Age() != 0 {
		t.Errorf("%v, usable %v, %s old; want an error and no token", err, tokens.Usable(), tokens.Age())
	}
	clock.Advance(time.Minute)
	answer = canned(http.StatusOK, `{"token_type":"Bearer","expires_in":3599,"access_token":"`+accessToken+`"}`)
	if _, err := tokens.Get(t.Context()); err != nil || !tokens.Usable() {
		t.Errorf("%v, usable %v; want a token", err, tokens.Usable())
	}
	clock.Advance(10 * time.Minute)
	if tokens.Age() != 10*time.Minute {
		t.Errorf("it is %s old, want 10 minutes", tokens.Age())
	}
	clock.Advance(time.Hour)
	if tokens.Age() != 0 || tokens.Usable() {
		t.Errorf("one that has run out is %s old, usable %v", tokens.Age(), tokens.Usable())
	}
	if diff := cmp.Diff([]int{503, 200}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

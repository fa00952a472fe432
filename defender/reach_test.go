package defender_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/testclock"
)

// TestReach: that there is no such device is the good answer, and Defender's own.
func TestReach(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		cause  defender.Cause
		well   bool
	}{
		"no such device": {answer: answers(http.StatusNotFound, refusal("ResourceNotFound", "Machine was not found")), well: true},
		"no such path":   {answer: answers(http.StatusNotFound, refusal("NotFound", "No HTTP resource was found")), cause: defender.Refused},
		"a proxy's page": {answer: answers(http.StatusNotFound, "<html>"), cause: defender.BadAnswer},
		"no role":        {answer: answers(http.StatusForbidden, refusal("Forbidden", "Missing application roles.")), cause: defender.MissingRole},
		"no licence":     {answer: answers(http.StatusUnauthorized, refusal("Unauthorized", "reason of failure: No Tvm license")), cause: defender.Licence},
		"yes to all":     {answer: answers(http.StatusOK, `{"ok":true}`), cause: defender.BadAnswer},
		"that device":    {answer: answers(http.StatusOK, `{"id":"`+defender.NoDevice+`"}`), cause: defender.BadAnswer},
		"down":           {answer: answers(http.StatusServiceUnavailable, ""), cause: defender.OutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			r := setup(t, tt.answer)
			err := r.Reach(t.Context())
			if tt.well && err != nil {
				t.Errorf("Reach = %v", err)
			} else if !tt.well {
				failed(t, err, tt.cause)
			}
			if sent := r.all(); len(sent) != 1 || sent[0].Method != http.MethodGet || sent[0].Path != "/api/machines/"+defender.NoDevice {
				t.Errorf("sent %v", sent)
			}
		})
	}
}

// TestAhead: the Date of an answer tells how far the clocks are apart, as far as whole
// seconds and the time of the answer allow.
func TestAhead(t *testing.T) {
	for name, tt := range map[string]struct {
		date  func(now time.Time) string
		took  time.Duration
		ahead time.Duration
		known bool
	}{
		"the same":        {httpDate(0), 0, 0, true},
		"within a second": {httpDate(-900 * time.Millisecond), 0, 0, true},
		"ahead":           {httpDate(time.Hour), 0, time.Hour, true},
		"behind":          {httpDate(-time.Hour), 0, -time.Hour + time.Second, true},
		"a slow answer":   {httpDate(5 * time.Second), 10 * time.Second, 0, true},
		"no date":         {func(time.Time) string { return "" }, 0, 0, false},
		"nonsense":        {func(time.Time) string { return "soon" }, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			clock := testclock.New(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
			answer := func(status int, body string) trip {
				return func(r *http.Request) (*http.Response, error) {
					res, err := canned(status, body)(r)
					res.Header["Date"] = []string{tt.date(clock.Now())}
					clock.Advance(tt.took)
					return res, err
				}
			}
			tokens := tokensOf(t, answer(200, `{"expires_in":3599,"access_token":"t"}`), clock.Now)
			if _, known := tokens.Ahead(); known {
				t.Error("known before there was an answer")
			}
			if _, err := tokens.Get(t.Context()); err != nil {
				t.Fatal(err)
			}
			if ahead, known := tokens.Ahead(); ahead != tt.ahead || known != tt.known {
				t.Errorf("the login service is ahead %v (%v), want %v (%v)", ahead, known, tt.ahead, tt.known)
			}
		})
	}
	r := setup(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusNotFound)
	})
	if r.Reach(t.Context()) == nil {
		t.Fatal("no error")
	}
	if ahead, known := r.Ahead(); !known || ahead < time.Hour-2*time.Second || ahead > time.Hour {
		t.Errorf("Defender is ahead %v (%v), want about an hour", ahead, known)
	}
}

// httpDate is a Date of a clock that is ahead.
func httpDate(ahead time.Duration) func(time.Time) string {
	return func(now time.Time) string { return now.Add(ahead).UTC().Format(http.TimeFormat) }
}

// TestStanding: why there is no token is known as long as there is none.
func TestStanding(t *testing.T) {
	clock, i := newClock(), &issuer{life: "3600"}
	tokens := tokensOf(t, i, clock.Now)
	if err := tokens.Standing(); !errors.Is(err, defender.ErrNoToken) {
		t.Errorf("before anything was asked: %v", err)
	}
	get := func() {
		t.Helper()
		_, _ = tokens.Get(t.Context()) // whether it fails is what Standing has to say
	}
	i.fail(true)
	get()
	clock.Advance(time.Hour) // another request would be made now
	e, is := errors.AsType[*defender.TokenError](tokens.Standing())
	if !is || e.Status != http.StatusServiceUnavailable {
		t.Errorf("after a failure: %v", e)
	}
	i.fail(false)
	get()
	if err := tokens.Standing(); err != nil {
		t.Errorf("with a token: %v", err)
	}
	i.fail(true)
	clock.Advance(2 * time.Hour)
	get()
	if _, is := errors.AsType[*defender.TokenError](tokens.Standing()); !is {
		t.Errorf("after its end: %v", tokens.Standing())
	}
}

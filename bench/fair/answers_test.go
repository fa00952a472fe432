package fair

import (
	"testing"
	"time"

	"defenderbot/internal/slackfake"
)

func TestKindOf(t *testing.T) {
	said := func(text string) slackfake.Outcome {
		return slackfake.Outcome{Acked: true, Answer: &slackfake.Message{Text: text}}
	}
	for _, c := range []struct {
		name string
		out  slackfake.Outcome
		want kind
	}{
		{"recorded", said("Recorded as D-7K3F9Q. I am looking up the device."), recorded},
		{"limit", said("You already have as many undecided requests as one person may have, so this was not recorded."), limited},
		{"busy", said("Too much is happening at once, so I did nothing. Try again in a moment."), busy},
		{"other words", said("Slack did not answer."), other},
		{"no words", slackfake.Outcome{Acked: true}, other},
		{"too late", slackfake.Outcome{Shown: "/defender failed"}, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := kindOf(c.out); got != c.want {
				t.Errorf("kind %d, want %d", got, c.want)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	var a, b answers
	a.note(recorded, 5*time.Millisecond)
	a.note(busy, time.Millisecond)
	b.note(none, 3*time.Second)
	b.note(limited, 2*time.Millisecond)
	a.add(&b)
	if got, want := a.shares(), "25 % recorded, 25 % refused by the limit, 25 % told to try again, 25 % not answered"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if n := a.total(); n != 4 {
		t.Errorf("%d answers, want 4", n)
	}
	// A fast "try again" must not make waiting look shorter.
	if len(a.waited) != 3 || a.waited.At(1) != 2*time.Millisecond || a.waited.At(100) != 3*time.Second {
		t.Errorf("waited %v", a.waited)
	}
}

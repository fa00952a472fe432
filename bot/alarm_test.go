package bot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// TestAlarmFits: the longest alarm is a message that Slack takes.
func TestAlarmFits(t *testing.T) {
	for name, a := range alarms() {
		a.Text = strings.Repeat("ü", 5000)
		if n := size(alarmPage(a).blocks()); n > blocksLimit {
			t.Errorf("%s: %d characters of blocks, want %d at most", name, n, blocksLimit)
		}
	}
}

// TestAlarmSealWhole: every line of a seal is there as it is.
func TestAlarmSealWhole(t *testing.T) {
	a := alarms()["seal"]
	text := alarmPage(a).text()
	for _, l := range a.Lines {
		if !strings.Contains(text, l) {
			t.Errorf("%q is not in\n%s", l, text)
		}
	}
}

// TestAnnounce: each alarm is one message in its channel, at the pace of the channel, and
// what Slack says against it is sorted as for cards.
func TestAnnounce(t *testing.T) {
	s, w := newWorkspace(t)
	now := time.Now()
	w.turns.clock = func() time.Time { return now } // however long the first one takes
	a := alarms()["freeze"]
	if err := w.Announce(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	got := s.Messages(channel)
	if len(got) != 1 || got[0].Text != alarmPage(a).text() {
		t.Errorf("in the channel: %+v", got)
	}
	a.ID = "next"
	if later, is := errors.AsType[*approvals.Later](w.Announce(t.Context(), a)); !is {
		t.Errorf("a second one in the same second: %v, want that it comes later", later)
	}
	for code, want := range map[string]bool{"not_in_channel": true, "is_archived": true, "internal_error": false} {
		s.Break(slackfake.Fault{Method: "chat.postMessage", Error: code, Times: 1})
		if err := w.Announce(t.Context(), approvals.Alarm{ID: code, Kind: a.Kind, Channel: "C0" + code}); err == nil || isNoPlace(err) != want {
			t.Errorf("%s: %v, refused permanently: want %v", code, err, want)
		}
	}
}

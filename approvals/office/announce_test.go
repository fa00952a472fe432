package office

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
)

// alarmed is an office whose alarms are kept, and what its chat heard.
func alarmed(t *testing.T, hears func(approvals.Alarm) error, list ...approvals.Alarm) (*office, *[]string, *strings.Builder) {
	t.Helper()
	var heard []string
	o := newOffice(t, nil, chatter{hears: func(a approvals.Alarm) error {
		heard = append(heard, a.ID)
		return hears(a)
	}}, nil)
	log := &strings.Builder{}
	o.log = slog.New(slog.NewTextHandler(log, nil))
	pendingOn(t, o.store) // so that there is an agenda, whose key names the others
	o.turns(10)
	agenda := o.key("due")
	for i, a := range list {
		a.ID, a.At = string(rune('a'+i)), o.store.Now()
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		o.redis.ZAdd(strings.TrimSuffix(agenda, "due")+"alarms", float64(a.At.UnixMilli()+int64(i)), string(text))
	}
	o.redis.ZAdd(agenda, float64(o.store.Now().UnixMilli()), "alert:")
	return o, &heard, log
}

func (o *office) alarmsLeft() int {
	o.t.Helper()
	list, err := o.store.Alarms(o.t.Context(), mostAlarms)
	if err != nil {
		o.t.Fatal(err)
	}
	return len(list)
}

// TestAnnounceOldestFirst: every alarm is told once, the oldest first, and then nothing is
// due any more.
func TestAnnounceOldestFirst(t *testing.T) {
	o, heard, _ := alarmed(t, func(approvals.Alarm) error { return nil }, approvals.Alarm{Channel: "C1"}, approvals.Alarm{Channel: "C2"}, approvals.Alarm{Channel: "C1"})
	for range 3 {
		o.turns(100)
		o.pass(time.Hour / 4)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, *heard); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if members, _ := o.redis.ZMembers(o.key("due")); slices.Contains(members, "alert:") {
		t.Error("it is still on the agenda")
	}
}

// TestAnnounceTrouble: what a channel does not take now is told later, in its order, and
// keeps back no other channel.
func TestAnnounceTrouble(t *testing.T) {
	for name, trouble := range map[string]error{"busy": &approvals.Later{After: time.Minute}, "unknown": errors.New("no answer")} {
		t.Run(name, func(t *testing.T) {
			down := true
			o, heard, log := alarmed(t, func(a approvals.Alarm) error {
				if down && a.Channel == "C1" {
					return trouble
				}
				return nil
			}, approvals.Alarm{Channel: "C1"}, approvals.Alarm{Channel: "C1"}, approvals.Alarm{Channel: "C2"})
			o.turns(100)
			if diff := cmp.Diff([]string{"a", "c"}, *heard); diff != "" || o.alarmsLeft() != 2 {
				t.Fatalf("%d left; told (-want +got):\n%s", o.alarmsLeft(), diff)
			}
			down = false
			o.pass(2 * time.Minute)
			o.turns(100)
			if diff := cmp.Diff([]string{"a", "c", "a", "b"}, *heard); diff != "" || o.alarmsLeft() != 0 {
				t.Errorf("%d left; told (-want +got):\n%s", o.alarmsLeft(), diff)
			}
			if logged := strings.Contains(log.String(), "alert not posted"); logged != (name == "unknown") {
				t.Errorf("logged: %v\n%s", logged, log)
			}
		})
	}
}

// TestAnnounceGivesUp: what is refused permanently, cannot be read, or was not taken for a day is
// left out, and the log says that nobody was told.
func TestAnnounceGivesUp(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		after time.Duration
	}{
		"refused":  {&approvals.NoPlace{Why: approvals.Why{Reason: approvals.NotInChannel}, Err: errors.New("not_in_channel")}, 0},
		"too long": {errors.New("no answer"), longTrouble + time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			o, _, log := alarmed(t, func(approvals.Alarm) error { return tt.err }, approvals.Alarm{Channel: "C1"})
			o.turns(100)
			o.pass(tt.after)
			o.turns(100)
			if o.alarmsLeft() != 0 || !strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("%d left; the log:\n%s", o.alarmsLeft(), log)
			}
		})
	}
	o, heard, log := alarmed(t, func(approvals.Alarm) error { return nil }, approvals.Alarm{Channel: "C1"})
	o.redis.ZAdd(o.key("alarms"), 1, "{no alarm")
	o.turns(100)
	if len(*heard) != 1 || o.alarmsLeft() != 0 || !strings.Contains(log.String(), "given up") {
		t.Errorf("told %v, %d left; the log:\n%s", *heard, o.alarmsLeft(), log)
	}
}

package office

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// TestWorkerUnfitRecords: what must not be acted on is said once and left to
// others, and those who click are told which it is.
func TestWorkerUnfitRecords(t *testing.T) {
	for reason, change := range map[approvals.Reason][2]string{
		approvals.NewerRecord:  {`"f":1`, `"f":99`},
		approvals.BrokenRecord: {`"needed":1`, `"needed":0`},
	} {
		t.Run(string(reason), func(t *testing.T) {
			o := newOffice(t, nil, chatter{}, nil)
			var log strings.Builder
			o.log = slog.New(slog.NewTextHandler(&log, nil))
			r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
			if err != nil {
				t.Fatal(err)
			}
			r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
			key := o.store.Key(r.ID)
			text, err := o.redis.Get(key)
			if err != nil {
				t.Fatal(err)
			}
			spoiled := strings.Replace(text, change[0], change[1], 1)
			o.redis.Set(key, spoiled)
			o.pass(time.Hour) // it has expired
			for range 5 {
				o.turns(10)
				o.pass(time.Minute)
			}
			if got, _ := o.redis.Get(key); got != spoiled {
				t.Errorf("it was acted on: %s", got)
			}
			if n := strings.Count(log.String(), "record left alone"); n != 1 {
				t.Errorf("said %d times, want once: %s", n, log.String())
			}
			if at, err := o.redis.ZScore(o.key("due"), r.ID); err != nil || at == 0 {
				t.Errorf("it left the agenda: %v", err)
			}
			if _, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0); reason == approvals.BrokenRecord && !approvals.IsRefusal(err, approvals.BrokenRecord) {
				t.Errorf("its device again: %v, want to hear why not", err)
			}
			d := newTestDesk(o.store, approvalstest.Town{People: map[string]approvals.Facts{"U2": {Person: approvalstest.Leader, Decides: true}}})
			if _, err := d.Approve(t.Context(), pressed("U2", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, reason) {
				t.Errorf("approved: %v, want %s", err, reason)
			}
			o.redis.Del(key) // whoever runs the bot has looked at it
			if _, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0); err != nil {
				t.Errorf("its device when the record is gone: %v", err)
			}
		})
	}
}

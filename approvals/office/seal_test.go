package office

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
)

// sealed is an office that seals, and its log.
func sealed(t *testing.T) (*office, *bytes.Buffer) {
	t.Helper()
	o := newOffice(t, nil, chatter{}, nil)
	var log bytes.Buffer
	o.log = slog.New(slog.NewJSONHandler(&log, nil))
	o.sealer = audit.Sealer{Origin: audit.Origin(installation.App, installation.Team)}
	return o, &log
}

// minutes lets them pass one by one, as the worker does when it runs.
func (o *office) minutes(n int) {
	o.t.Helper()
	for range n {
		o.tend(o.t.Context())
		o.turns(100)
		o.pass(time.Minute)
	}
}

// TestSealEveryMinute: what was written is sealed within a minute, silence once an hour, and the
// log has every seal, so that they prove the trail by themselves.
func TestSealEveryMinute(t *testing.T) {
	o, log := sealed(t)
	o.minutes(1)
	pendingOn(t, o.store, approvalstest.DeviceNo(1))
	o.minutes(2)
	o.pass(3 * time.Hour / 2) // all that its clock brings
	o.minutes(125)
	said := bytes.Count(log.Bytes(), []byte(`"`+audit.LogMessage+`"`))
	seals, err := audit.ReadSeals(log)
	if err != nil || len(seals) != said {
		t.Fatalf("%d seals in %d lines about seals, %v", len(seals), said, err)
	}
	var counts []int
	for i, s := range seals {
		counts = append(counts, s.Count)
		if i > 0 && s.At.Sub(seals[i-1].At) > 2*time.Hour {
			t.Errorf("seal %d comes %v after the one before", s.Number, s.At.Sub(seals[i-1].At))
		}
	}
	if diff := cmp.Diff([]int{0, 2, 0, 1, 0, 0}, counts); diff != "" {
		t.Errorf("entries of each seal (-want +got):\n%s", diff)
	}
	report, err := audit.Verify(audit.Trail{
		Origin: o.sealer.Origin, Seals: o.store.Seals(t.Context()), Entries: o.store.Entries(t.Context()),
	}, audit.Proof{Against: seals, Now: o.store.Now(), Since: o.store.Now()}) // this store keeps nothing that is sealed
	if err != nil || len(report.Findings) > 0 || report.Unsealed > 0 || report.Newest.Number != int64(len(seals)) {
		t.Errorf("%v: %+v", err, report)
	}
}

// TestSealSeveralWorkers: many replicas make one chain.
func TestSealSeveralWorkers(t *testing.T) {
	o, log := sealed(t)
	for n := range 3 {
		pendingOn(t, o.store, approvalstest.DeviceNo(n))
		o.tend(t.Context())
		for range 2 { // another one has the same lease by mistake
			o.seal(t.Context(), ledger.Lease{Member: "seal:"})
		}
		o.pass(time.Minute)
	}
	seals, err := audit.ReadSeals(log)
	if err != nil || len(seals) != 3 {
		t.Errorf("%d seals, %v", len(seals), err)
	}
}

// TestSealBrokenIsSaid: where a seal was changed nothing is sealed behind it, and the log says so.
func TestSealBrokenIsSaid(t *testing.T) {
	o, log := sealed(t)
	o.minutes(1)
	key := o.key("seals")
	o.redis.Del(key)
	if _, err := o.redis.XAdd(key, "1-0", []string{"note", "mine"}); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	o.minutes(2)
	if !bytes.Contains(log.Bytes(), []byte("was changed")) || bytes.Contains(log.Bytes(), []byte(audit.LogMessage+`"`)) {
		t.Errorf("the log:\n%s", log)
	}
}

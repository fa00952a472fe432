package app_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// benched is a running bot on a redis-server, or on miniredis where there is
// none, with windows that never fill.
func benched(b *testing.B) *sandbox.Place {
	b.Helper()
	var addr string
	if _, err := exec.LookPath("redis-server"); err == nil {
		addr = redistest.Start(b).Addr
	} else {
		addr = redistest.Mini(b).Addr()
	}
	p := open(b, addr, func(o *sandbox.Options) {
		o.Catalogue = sandbox.Narrow("investigate", defender.Limit{Calls: 1 << 20, Per: time.Second})
		o.Defender.Limits = map[string][]defenderfake.Limit{defenderfake.StartInvestigation: {}, defenderfake.MachineGet: {}}
	})
	env := p.Env()
	env.MaxOpenPerRequester = "0"
	run(b, p, env, app.Options{})
	return p
}

// device adds device n and gives its id.
func device(p *sandbox.Place, n int) string {
	id := fmt.Sprintf("%040x", n)
	p.Defender.AddDevice(defenderfake.Device{ID: id, ComputerDNSName: fmt.Sprintf("host-%d", n)})
	return id
}

// forgetReads empties the window of reads, which would hold a benchmark up.
func forgetReads(b *testing.B, p *sandbox.Place) {
	b.Helper()
	rdb := redistest.Client(b, strings.TrimPrefix(p.Redis, "redis://"))
	keys, err := rdb.Keys(b.Context(), "*:window:*").Result()
	if err != nil {
		b.Fatal(err)
	}
	if len(keys) > 0 {
		if err := rdb.Del(b.Context(), keys...).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommandToAck is from a command's envelope to its acknowledgement,
// through both ends of the socket.
func BenchmarkCommandToAck(b *testing.B) {
	p := benched(b)
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		id := device(p, n)
		forgetReads(b, p)
		b.StartTimer()
		if out, err := p.Slack.Command(b.Context(), sandbox.Ada, sandbox.Incident, "investigate "+id+" a benchmark"); err != nil || !out.Acked {
			b.Fatal(out, err)
		}
	}
}

// BenchmarkClickToPost is from a click's envelope to the arrival of the POST in
// Defender.
func BenchmarkClickToPost(b *testing.B) {
	p := benched(b)
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		forgetReads(b, p)
		_, c := pending(b, p, "investigate "+device(p, n)+" a benchmark")
		b.StartTimer()
		if _, err := p.Slack.Click(b.Context(), sandbox.Grace, c.Channel, c.TS, "approve"); err != nil {
			b.Fatal(err)
		}
		if err := p.Defender.Wait(b.Context(), func(s defenderfake.Snapshot) bool { return len(s.Investigations) >= n }); err != nil {
			b.Fatal(err)
		}
	}
}

package ledger

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// many is how many pending requests the bot is made for.
const many = 100_000

// sized is a request as large as they are in use.
func sized(n int) approvals.Request {
	r := approvalstest.Asked(approvals.Device{
		ID: fmt.Sprintf("%s%08x", approvalstest.HexID[:32], n), Name: fmt.Sprintf("srv-%06d.corp.example.com", n), Verified: true, OS: "Windows Server 2022 21H2",
		Health: "Active", Risk: "Medium", Tags: []string{"tier-1"}, LastSeen: approvalstest.Start,
	})
	r.Comment = "odd logins from two countries within ten minutes, see the alert of 03:12"
	return r
}

// everysec is a server with the durability that most have.
func everysec(b *testing.B) *redistest.Server {
	b.Helper()
	return redistest.Start(b, "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0")
}

// fill makes n pending requests whose card is shown.
func fill(b *testing.B, s *Store, n int) {
	b.Helper()
	var next atomic.Int32
	g, ctx := errgroup.WithContext(b.Context())
	for range 8 {
		g.Go(func() error {
			for {
				i := int(next.Add(1))
				if i > n {
					return nil
				}
				if err := pend(ctx, s, sized(i)); err != nil {
					return err
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

func pend(ctx context.Context, s *Store, r approvals.Request) error {
	r, err := s.Create(ctx, NewOp(), r, 0)
	for _, e := range []approvals.Event{
		approvals.Resolve{Devices: r.Devices, Budget: approvals.Budget{Left: 9, Of: 10, Per: time.Minute, At: approvalstest.Start}}, approvals.Show{TS: "1772334000.000100", Visible: 2},
	} {
		if err != nil {
			return err
		}
		r, err = s.Apply(ctx, NewOp(), r, func(approvals.Request) (approvals.Event, error) { return e, nil })
	}
	return err
}

// BenchmarkMemoryOfPending measures what one of 100,000 pending requests takes
// in Redis, audit included: with the answers of its operations, which are kept
// for 15 minutes, and after those.
func BenchmarkMemoryOfPending(b *testing.B) {
	for b.Loop() {
		server := everysec(b)
		rdb := server.Client(b)
		s := newTestStore(b, rdb, roomyActions())
		before := used(b, rdb)
		fill(b, s, many)
		each := func(bytes int, unit string) { b.ReportMetric(float64(bytes)/many, unit) }
		each(used(b, rdb)-before, "B/fresh")
		for what, key := range map[string]string{"index": s.keys.index(), "agenda": s.keys.agenda(), "audit": s.keys.audit()} {
			n, err := rdb.MemoryUsage(b.Context(), key, 0).Result()
			if err != nil {
				b.Fatal(err)
			}
			each(int(n), "B/"+what)
		}
		for iter := rdb.Scan(b.Context(), 0, s.keys.op("*"), 1000).Iterator(); iter.Next(b.Context()); {
			if err := rdb.Del(b.Context(), iter.Val()).Err(); err != nil {
				b.Fatal(err)
			}
		}
		each(used(b, rdb)-before, "B/pending")
	}
	b.ReportMetric(0, "ns/op")
}

// used is how many bytes of memory Redis has given out.
func used(b *testing.B, rdb *redis.Client) int {
	b.Helper()
	text, err := rdb.Info(b.Context(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "used_memory:")
	line, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkCreateAmongMany compares how long a command takes to be recorded
// with 100,000 pending requests and with none: in turn on two servers, so that
// whatever else the machine does hits both.
func BenchmarkCreateAmongMany(b *testing.B) {
	none := newTestStore(b, everysec(b).Client(b), roomyActions())
	full := newTestStore(b, everysec(b).Client(b), roomyActions())
	fill(b, full, many)
	var took [2][]time.Duration
	n := many
	for b.Loop() {
		n++
		for i, s := range []*Store{none, full} {
			began := time.Now()
			r, err := s.Create(b.Context(), NewOp(), sized(n), 0)
			took[i] = append(took[i], time.Since(began))
			if err != nil {
				b.Fatal(err)
			}
			apply(b, s, r, approvals.Cancel{By: approvalstest.Asker}) // none stays none
		}
	}
	at := func(i int, part float64) float64 {
		slices.Sort(took[i])
		return float64(took[i][int(part*float64(len(took[i])-1))])
	}
	for i, name := range []string{"none", "many"} {
		b.ReportMetric(at(i, 0.5)/1e3, "µs/"+name)
	}
	b.ReportMetric(at(1, 0.5)/at(0, 0.5), "ratio-median")
	b.ReportMetric(at(1, 0.95)/at(0, 0.95), "ratio-p95")
	b.ReportMetric(0, "ns/op")
}

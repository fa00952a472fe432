package ledger

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// askedBy makes a request of somebody in a channel, a moment after the last one.
func askedBy(t *testing.T, s *Store, p approvals.Person, channel string, d approvals.Device) approvals.Request {
	t.Helper()
	for began := s.Now(); !s.Now().After(began); {
		waitFor(t, func(ctx context.Context) bool { _, _, _ = s.Lease(ctx, 0); return s.Now().After(began) })
	}
	r := approvalstest.Asked(d)
	r.By, r.Place.Channel = p, channel
	r, err := s.Create(t.Context(), NewOp(), r, 0)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, s, r, approvals.Resolve{Devices: []approvals.Device{d}})
}

// found are the ids that a query finds, and how many more there are.
func found(t *testing.T, s *Store, q Query, most int, keep func(approvals.Request) bool) (ids []string, more int) {
	t.Helper()
	got, err := s.Find(t.Context(), q, most, keep)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Requests {
		ids = append(ids, r.ID)
	}
	return ids, got.More
}

// TestFind has requests of two people in two channels, open and ended, and lists them newest
// first: by person, by channel, everywhere, by device, since some time, up to a number.
func TestFind(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		ada, joan := approvalstest.Asker, approvals.Person{ID: "U3", Enterprise: "W3"}
		one := askedBy(t, s, ada, "C1", approvalstest.DeviceNo(1))
		two := askedBy(t, s, joan, "C2", approvalstest.DeviceNo(2))
		three := askedBy(t, s, ada, "C2", approvalstest.DeviceNo(3))
		four := askedBy(t, s, joan, "C10", approvalstest.DeviceNo(4))
		was := apply(t, s, askedBy(t, s, ada, "C1", approvalstest.DeviceNo(5)), approvals.Cancel{By: ada})
		last := apply(t, s, askedBy(t, s, joan, "C1", approvalstest.DeviceNo(5)), approvals.Cancel{By: joan})
		gone := apply(t, s, apply(t, s, askedBy(t, s, ada, "C1", approvalstest.DeviceNo(5)), approvals.Cancel{By: ada}), approvals.Forget{})
		inTwo := func(r approvals.Request) bool { return r.Place.Channel == "C2" }
		for _, tt := range []struct {
			name string
			q    Query
			most int
			keep func(approvals.Request) bool
			want []string
			more int
		}{
			{"open of ada", OpenBy(ada), 9, nil, []string{three.ID, one.ID}, 0},
			{"open of joan, by the organisation's id", OpenBy(joan), 9, nil, []string{four.ID, two.ID}, 0},
			{"open of joan, as whoever knows no organisation", OpenBy(approvals.Person{ID: "U3"}), 9, nil, nil, 0},
			{"open in a channel", OpenIn("C2"), 9, nil, []string{three.ID, two.ID}, 0},
			{"open in a channel whose name begins another's", OpenIn("C1"), 9, nil, []string{one.ID}, 0},
			{"open in no channel", OpenIn(""), 9, nil, nil, 0},
			{"open everywhere", Open(), 9, nil, []string{four.ID, three.ID, two.ID, one.ID}, 0},
			{"the newest two", Open(), 2, nil, []string{four.ID, three.ID}, 2},
			{"those that are kept", Open(), 9, inTwo, []string{three.ID, two.ID}, 0},
			{"the newest that is kept", Open(), 1, inTwo, []string{three.ID}, 1},
			{"ended", Ended(time.Time{}), 9, nil, []string{last.ID, was.ID}, 0},
			{"ended since the last one", Ended(last.EndedAt), 9, nil, []string{last.ID}, 0},
			{"ended since later", Ended(last.EndedAt.Add(time.Millisecond)), 9, nil, nil, 0},
			{"ended of ada", EndedBy(ada, time.Time{}), 9, nil, []string{was.ID}, 0},
			{"asked for a device", s.AskedFor(approvalstest.DeviceNo(5).ID), 9, nil, []string{last.ID, was.ID}, 0},
			{"nothing", Query{}, 9, nil, nil, 0},
		} {
			got, more := found(t, s, tt.q, tt.most, tt.keep)
			if !slices.Equal(got, tt.want) || more != tt.more {
				t.Errorf("%s: %q and %d more, want %q and %d", tt.name, got, more, tt.want, tt.more)
			}
		}
		if entries := s.rdb.ZRange(t.Context(), s.keys.index(), 0, -1).Val(); slices.ContainsFunc(entries, func(e string) bool { return ownersOf([]string{e})[0] == gone.ID }) {
			t.Errorf("what is forgotten is in the index: %q", entries)
		}
	})
}

// TestFindPassesOver: an entry whose request is gone, or has ended in an older version that
// knows no such entries, is taken out and makes room; one that this version cannot read is
// passed over and stays.
func TestFindPassesOver(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		ctx, index := t.Context(), s.keys.index()
		all := make([]approvals.Request, 6)
		for i := range all {
			all[i] = askedBy(t, s, approvalstest.Asker, "C1", approvalstest.DeviceNo(i))
		}
		gone, over, newer, damaged, other := all[5], all[4], all[3], all[2], all[1]
		s.rdb.Del(ctx, s.keys.request(gone.ID))
		entries := s.rdb.ZRange(ctx, index, 0, -1).Val()
		apply(t, s, over, approvals.Cancel{By: approvalstest.Asker})
		for _, e := range entries { // as an older version leaves them
			if ownersOf([]string{e})[0] == over.ID {
				s.rdb.ZAdd(ctx, index, redis.Z{Member: e})
			}
		}
		s.rdb.Set(ctx, s.keys.request(newer.ID), `4 {"f":99}`, 0)
		s.rdb.Set(ctx, s.keys.request(damaged.ID), "4 {}", 0)
		s.rdb.Del(ctx, s.keys.request(other.ID))
		s.rdb.SAdd(ctx, s.keys.request(other.ID), "a set")
		for range 2 {
			if got, more := found(t, s, OpenIn("C1"), 1, nil); !slices.Equal(got, []string{all[0].ID}) || more != 0 {
				t.Errorf("open are %q and %d more, want %s alone", got, more, all[0].ID)
			}
		}
		left, _, err := s.entries(ctx, OpenIn("C1"), 9)
		want := []string{newer.ID, damaged.ID, other.ID, all[0].ID}
		if got := ownersOf(left); err != nil || !slices.Equal(got, want) {
			t.Errorf("left in the index (-want +got):\n%s", cmp.Diff(want, got))
		}
	})
}

// TestFindCost: a list of many costs two round trips.
func TestFindCost(t *testing.T) {
	s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), testActions())
	for i := range 30 {
		r := approvalstest.Asked(approvalstest.DeviceNo(i))
		r.Place.Channel = []string{"C1", "C2", "C3"}[i%3]
		if _, err := s.Create(t.Context(), NewOp(), r, 0); err != nil {
			t.Fatal(err)
		}
	}
	counted := &trips{}
	s.rdb.AddHook(counted)
	if got, more := found(t, s, Open(), 20, nil); len(got) != 20 || more != 10 || counted.n != 2 {
		t.Errorf("%d found, %d more, in %d round trips; want 20, 10 and 2", len(got), more, counted.n)
	}
}

// trips counts round trips, but for those of a new connection.
type trips struct{ n int }

func (c *trips) trip(cmd redis.Cmder) {
	if name := cmd.Name(); name != "hello" && name != "client" {
		c.n++
	}
}

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.trip(cmd)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.trip(cmds[0])
		return next(ctx, cmds)
	}
}

// TestFindNewestOfMany holds lists of many channels, some with one request and some with many,
// against what sorting all of them gives.
func TestFindNewestOfMany(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		chance := rand.New(rand.NewPCG(1, 2))
		byTime, members := map[string]string{}, []redis.Z{}
		var all []string
		for n := range 400 {
			channel := int(40 * math.Pow(chance.Float64(), 3)) // of the first there are most
			entry := fmt.Sprintf("%s%s/D-%06d", approvals.InPrefix(fmt.Sprintf("C%d", channel)), approvals.EntryTime(time.UnixMilli(1e12+int64(n/3))), n)
			byTime[entry] = fmt.Sprintf("%06d %s", n/3, entry)
			all, members = append(all, entry), append(members, redis.Z{Member: entry})
		}
		members = append(members, redis.Z{Member: "hm/C1/1000000000500/D-0"}, redis.Z{Member: "in0/C1/1000000000500/D-0"})
		if err := s.rdb.ZAdd(t.Context(), s.keys.index(), members...).Err(); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(all, func(a, b string) int { return strings.Compare(byTime[b], byTime[a]) })
		for _, most := range []int{1, 2, 20, 399, 400, 1000} {
			got, of, err := s.entries(t.Context(), Open(), most)
			if diff := cmp.Diff(all[:min(most, len(all))], got); diff != "" || of != len(all) || err != nil {
				t.Errorf("the newest %d: of %d, %v (-want +got):\n%s", most, of, err, diff)
			}
		}
	})
}

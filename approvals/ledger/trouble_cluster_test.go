package ledger

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestClusterSlotMoves moves everything the bot has to another node of a
// Cluster and back while the traffic goes on. During a move most scripts find
// their keys on two nodes and are refused.
func TestClusterSlotMoves(t *testing.T) {
	for name, durable := range map[string]int{"without WAIT": 0, "with WAIT": 1} {
		t.Run(name, func(t *testing.T) {
			redistest.Cluster(t, func(t *testing.T, c *redistest.Nodes) {
				key := newKeys(Tenant{}, Installation{App: "A1", Team: "T1"}).agenda()
				from := c.Holder(t, key)
				to := (from + 1) % 3
				if durable > 0 {
					redistest.StartReplica(t, c.Servers[from])
					redistest.StartReplica(t, c.Servers[to])
				}
				one, other := twoStores(t, func(t testing.TB) redis.UniversalClient { return c.Client(t) }, durable)
				n := trouble(t, one, other, func(f *flow) {
					for _, way := range [][2]int{{from, to}, {to, from}} {
						refused := approvals.ErrNotRecorded.Error()
						batch := 0
						c.Move(t, key, way[0], way[1], func() {
							if batch++; batch < 4 { // the rest goes as fast as it can
								f.refused(f.met(refused)+1, refused)
							}
						})
						f.more(100)
					}
				})
				if n.unconfirmed > 0 {
					t.Errorf("%d were told that it could not be confirmed; every answer was a refusal", n.unconfirmed)
				}
			})
		})
	}
}

// TestClusterGone loses the answer of a commit
// and then the node: whether it was recorded is not known, whatever the client
// of the Cluster tries by itself.
func TestClusterGone(t *testing.T) {
	redistest.Cluster(t, func(t *testing.T, c *redistest.Nodes) {
		direct := newTestStore(t, c.Client(t), testActions())
		holder := c.Servers[c.Holder(t, direct.keys.agenda())].Addr
		proxy := newDropper(t, holder)
		var gone atomic.Bool // no new connection is made
		rdb := redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{holder}, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
			Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if gone.Load() {
					return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
				}
				if addr == holder {
					addr = proxy.addr
				}
				return new(net.Dialer).DialContext(ctx, network, addr)
			},
		})
		t.Cleanup(func() { rdb.Close() })
		s := newTestStore(t, rdb, testActions())
		if _, err := s.Load(t.Context(), "D-000000"); !approvals.IsRefusal(err, approvals.NoSuchRequest) { // a connection in the pool
			t.Fatal(err)
		}
		gone.Store(true)
		proxy.drop.Store(1)
		if _, err := s.Create(t.Context(), Op{ID: "a"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0); !errors.Is(err, approvals.ErrUnconfirmed) {
			t.Errorf("got %v, want could not confirm: the answer was lost", err)
		}
		if !opKept(t, direct, "a") {
			t.Error("it was not recorded: this test shows nothing")
		}
	})
}

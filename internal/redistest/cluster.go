package redistest

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Nodes is a Cluster of three masters that share all slots
// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
type Nodes struct {
	Servers []*Server
	ids     []string
}

// slots is how many slots a Cluster has.
const slots = 16384

// Cluster runs a test on a Cluster of three, where redis-server is installed.
func Cluster(t *testing.T, test func(t *testing.T, c *Nodes)) {
	t.Helper()
	if installed(t, program()) {
		t.Run("cluster", func(t *testing.T) { test(t, startCluster(t)) })
	}
}

func startCluster(t testing.TB) *Nodes {
	t.Helper()
	c := &Nodes{}
	var buses []string
	for range 3 {
		buses = append(buses, FreePort(t))
		c.Servers = append(c.Servers, Start(t, "--cluster-enabled", "yes", "--cluster-port", buses[len(buses)-1]))
	}
	for i, s := range c.Servers {
		rdb := s.Client(t)
		must(t, rdb.ClusterAddSlotsRange(t.Context(), i*slots/3, (i+1)*slots/3-1))
		id, err := rdb.Do(t.Context(), "cluster", "myid").Text()
		if err != nil {
			t.Fatal(err)
		}
		c.ids = append(c.ids, id)
		for j, other := range c.Servers {
			host, port, err := net.SplitHostPort(other.Addr)
			if err != nil {
				t.Fatal(err)
			}
			must(t, rdb.Do(t.Context(), "cluster", "meet", host, port, buses[j]))
		}
	}
	for _, s := range c.Servers {
		rdb := s.Client(t)
		Eventually(t, "the Cluster is whole", func(ctx context.Context) bool {
			text := rdb.ClusterInfo(ctx).Val()
			return strings.Contains(text, "cluster_state:ok") && strings.Contains(text, "cluster_slots_ok:16384")
		})
	}
	return c
}

// must fails the test if a command did.
func must(t testing.TB, cmd redis.Cmder) {
	t.Helper()
	if cmd.Err() != nil {
		t.Fatalf("%s: %v", cmd.Name(), cmd.Err())
	}
}

// Holder is the place in Servers of the node that holds key's slot.
func (c *Nodes) Holder(t testing.TB, key string) int {
	t.Helper()
	slot := c.slot(t, key)
	for i := range c.Servers {
		if slot < (i+1)*slots/3 {
			return i
		}
	}
	return len(c.Servers) - 1
}

func (c *Nodes) slot(t testing.TB, key string) int {
	t.Helper()
	n, err := c.Servers[0].Client(t).ClusterKeySlot(t.Context(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// Move moves key's slot from one node to another as resharding does: key by
// key while clients go on. Before each batch of keys it calls between.
func (c *Nodes) Move(t testing.TB, key string, from, to int, between func()) {
	t.Helper()
	ctx, slot := t.Context(), c.slot(t, key)
	source, target := c.Servers[from].Client(t), c.Servers[to].Client(t)
	must(t, target.Do(ctx, "cluster", "setslot", slot, "importing", c.ids[from]))
	must(t, source.Do(ctx, "cluster", "setslot", slot, "migrating", c.ids[to]))
	host, port, err := net.SplitHostPort(c.Servers[to].Addr)
	if err != nil {
		t.Fatal(err)
	}
	for {
		between()
		keys, err := source.ClusterGetKeysInSlot(ctx, slot, 50).Result()
		if err != nil {
			t.Fatal(err)
		}
		if len(keys) == 0 {
			break
		}
		args := []any{"migrate", host, port, "", 0, 5000, "keys"}
		for _, k := range keys {
			args = append(args, k)
		}
		must(t, source.Do(ctx, args...))
	}
	for _, node := range []*redis.Client{target, source, c.Servers[3-from-to].Client(t)} {
		must(t, node.Do(ctx, "cluster", "setslot", slot, "node", c.ids[to]))
	}
}

// Client is a client of the Cluster, made as the bot makes it and closed with
// the test.
func (c *Nodes) Client(t testing.TB) *redis.ClusterClient {
	t.Helper()
	var addrs []string
	for _, s := range c.Servers {
		addrs = append(addrs, s.Addr)
	}
	rdb := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: addrs, MaxRetries: -1, DialerRetries: 1, DialTimeout: time.Second, ContextTimeoutEnabled: true, DisableIdentity: true,
	})
	t.Cleanup(func() {
		if err := rdb.Close(); err != nil {
			t.Errorf("close the client of the Cluster: %v", err)
		}
	})
	return rdb
}

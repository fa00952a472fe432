package office

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
)

// slowAgenda is a Redis that does not come to an end with reading the agenda.
type slowAgenda struct {
	agenda string
	asked  chan struct{}
}

func (s slowAgenda) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s slowAgenda) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); strings.HasPrefix(cmd.Name(), "eval") && args[3] == s.agenda {
			select {
			case s.asked <- struct{}{}:
			default:
			}
			<-ctx.Done()
			return ctx.Err()
		}
		return next(ctx, cmd)
	}
}

func (s slowAgenda) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// TestHandedAtOnce hands over a request while the agenda is being read, and all places are
// taken: its call is made all the same.
func TestHandedAtOnce(t *testing.T) {
	posted := make(chan struct{}, 1)
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posted <- struct{}{}
		}
		http.Error(w, "{}", http.StatusInternalServerError)
	}, chatter{}, nil)
	r := o.working("collect", 1, 0)
	got, _, err := o.store.Lease(t.Context(), 10)
	i := slices.IndexFunc(got, func(l ledger.Lease) bool { return l.Member == r.ID })
	if err != nil || i < 0 {
		t.Fatalf("leases %v, %v", got, err)
	}
	reading := slowAgenda{o.key("due"), make(chan struct{}, 1)}
	o.rdb.AddHook(reading)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	<-reading.asked
	for range cap(o.places) {
		o.places <- struct{}{}
	}
	o.handOver(t.Context(), r, got[i])
	<-posted
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

// TestHandedWakes: a request that is handed over and cannot go on by now leaves its card, which is
// due, to a worker that has been woken.
func TestHandedWakes(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := o.working("collect", 1, 0)
	got, _, err := o.store.Lease(t.Context(), 10)
	i := slices.IndexFunc(got, func(l ledger.Lease) bool { return l.Member == r.ID })
	if err != nil || i < 0 {
		t.Fatalf("leases %v, %v", got, err)
	}
	o.pauses.next(o.endpoint(r), 0)
	o.pauses.enter(o.endpoint(r)) // so that others wait
	select {
	case <-o.store.Woken():
	default:
	}
	o.goOn(t.Context(), inHand{r, got[i]})
	o.steps.Wait()
	select {
	case <-o.store.Woken():
	default:
		t.Error("nobody was woken")
	}
	if c := o.load(r.ID).Calls[0]; !c.Waiting() {
		t.Errorf("the call is %s: the test misses its aim", c.State)
	}
}

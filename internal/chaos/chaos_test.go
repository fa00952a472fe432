package chaos_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/upgrade"
)

var (
	killsFlag    = flag.Int("kills", 60, "how many processes are killed")
	replicasFlag = flag.Int("replicas", 0, "processes at a time, 1 to 4; 0: drawn for each round")
	seedFlag     = flag.Uint64("seed", 0, "what the order of things is drawn from; 0: by chance")
)

// TestMain sees that nothing goes on after the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// killsPerRound is how many kills a round has at most.
const killsPerRound = 50

// TestChaos kills the bot at the worst moments and looks whether anything was
// lost or done twice: see the documentation of the package.
func TestChaos(t *testing.T) {
	t.Parallel()
	if installed(t) {
		battle(t, plans(t))
	}
}

// TestChaosUpgrade is the same with two versions side by side, this one and the one before, as
// in the middle of a rolling update that takes long. In the end this one is left.
func TestChaosUpgrade(t *testing.T) {
	t.Parallel()
	if installed(t) {
		battle(t, []plan{{previous: upgrade.Previous(t), kills: min(*killsFlag, upgradeKills), replicas: 2, seed: drawnFrom(t)}})
	}
}

// upgradeKills is how many processes are killed while two versions run.
const upgradeKills = 20

// battle runs rounds one after another; what is open when one ends goes on beside the next.
func battle(t *testing.T, plans []plan) {
	t.Helper()
	began, program := time.Now(), build(t)
	server := redistest.Start(t)
	total, results, checks := newTally(), sync.Mutex{}, sync.WaitGroup{}
	defer checks.Wait() // also when a later round cannot be started
	for number, p := range plans {
		p.program, p.redis = program, server.Addr
		r := newRound(t, number+1, p)
		a := newArtist(t, r.tenant())
		r.strike(t.Context())
		t.Logf("round %d: %d kills of %d processes in %v; what is open goes on", r.number, r.done(), p.replicas, time.Since(r.begun).Round(time.Second))
		checks.Go(func() {
			defer a.close()
			defer r.close()
			e, bad := r.settle(t, a)
			results.Lock()
			defer results.Unlock()
			total.count(r, e, bad)
			total.others += r.report(t, bad)
		})
	}
	checks.Wait()
	total.took = time.Since(began)
	t.Logf("\n%s", &total)
}

// installed reports whether there is a redis-server: nothing less will do here.
func installed(t *testing.T) bool {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err == nil {
		return true
	}
	if os.Getenv("REQUIRE_REDIS") != "" {
		t.Fatal("redis-server is not installed, and REQUIRE_REDIS is set")
	}
	t.Log("redis-server is not installed: nothing was tested")
	return false
}

// plans divides the kills among rounds.
func plans(t *testing.T) []plan {
	t.Helper()
	if *killsFlag < 1 || *replicasFlag < 0 || *replicasFlag > 4 {
		t.Fatalf("-kills %d -replicas %d: there is at least one kill, and of at most 4 processes", *killsFlag, *replicasFlag)
	}
	seed := drawnFrom(t)
	chance := rand.New(rand.NewPCG(seed, 0))
	rounds := (*killsFlag + killsPerRound - 1) / killsPerRound
	var all []plan
	var deck []int
	for i := range rounds {
		if len(deck) == 0 {
			deck = chance.Perm(4)
		}
		p := plan{kills: (*killsFlag + i) / rounds, replicas: deck[0] + 1, seed: seed}
		if deck = deck[1:]; *replicasFlag > 0 {
			p.replicas = *replicasFlag
		}
		all = append(all, p)
	}
	return all
}

// drawnFrom is what the order of things is drawn from.
func drawnFrom(t *testing.T) uint64 {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	return seed
}

// strike runs people and processes, and kills the latter. It returns when one
// process is left, which goes on with what is open.
func (r *round) strike(ctx context.Context) {
	for _, s := range r.slots {
		if err := s.start(); err != nil {
			r.fail("%v", err)
		}
	}
	flow, end := context.WithCancel(ctx)
	defer end()
	var people sync.WaitGroup
	people.Go(func() { r.flow(flow) })
	r.busy.Go(func() { r.weather(flow) })
	if len(r.slots) > 1 {
		r.busy.Go(func() { r.stopLong(ctx) })
	}
	if r.number%3 == 1 {
		r.busy.Go(func() { r.freezes(flow) })
	}
	r.kill(ctx)
	end()
	people.Wait()
	r.busy.Wait()
	for _, s := range r.slots[1:] {
		r.stop(ctx, s)
	}
	if err := r.slots[0].start(); err != nil {
		r.fail("%v", err)
	}
}

// weather is what Defender does by itself to POSTs: it says 429 and 401, and
// answers with an error or not at all what it has carried out.
func (r *round) weather(ctx context.Context) {
	for ctx.Err() == nil {
		action, _ := defender.Actions().Named(drawn(r, often()))
		on := "machines/" + action.Post.Name
		switch random(r, func(c *rand.Rand) int { return c.IntN(4) }) {
		case 0:
			r.defender.Inject(defenderfake.Fault{On: on, Times: 1, Status: 429, RetryAfter: "2"})
		case 1:
			r.defender.Inject(defenderfake.Fault{On: on, Times: 1, When: defenderfake.AfterEffect, Status: 503})
		case 2:
			r.defender.Inject(defenderfake.Fault{On: on, Times: 1, When: defenderfake.AfterEffect, Drop: true})
		case 3:
			r.defender.RevokeTokens()
		}
		r.pause(ctx, 4*time.Second, 12*time.Second)
	}
}

// drained is how long what is open may take to end: what waits for its turn
// lapses after three minutes, and an uncertain call is looked for for four.
const drained = 9 * time.Minute

// settle waits until everything has ended, stops the last process and checks.
func (r *round) settle(t *testing.T, a *artist) (evidence, []violation) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), drained)
	defer cancel()
	if end, limited := t.Deadline(); limited {
		ctx, cancel = context.WithDeadline(ctx, end.Add(-time.Minute)) // to say what is open, and to leave no process behind
		defer cancel()
	}
	for {
		changed := r.slack.Changed()
		if records, err := r.records(ctx); err != nil || over(records) {
			break
		}
		select {
		case <-changed: // also when a socket answers a ping, every few seconds
			continue
		case <-ctx.Done():
		}
		break
	}
	if err := r.clickCopies(t.Context()); err != nil {
		r.fail("%v", err)
	}
	r.stop(t.Context(), r.slots[0])
	e, err := r.evidence(t.Context(), a)
	if err != nil {
		r.fail("the evidence cannot be read: %v", err)
	}
	return e, check(e)
}

// over says that nothing can happen to any request any more, and that Slack
// shows so.
func over(records map[string]approvals.Request) bool {
	for _, r := range records {
		if !r.State.Ended() || r.Card.Shown < r.Visible || r.Card.Told < len(r.Notices) {
			return false
		}
	}
	return true
}

// mostLines is how many lines of the log are shown of one request.
const mostLines = 40

// report fails the test for everything that was wrong, and shows what the
// processes have logged about it. It returns how much was wrong besides the
// violations.
func (r *round) report(t *testing.T, bad []violation) (others int) {
	t.Helper()
	wrong := append(r.wrong, r.log.mistakes()...)
	for _, what := range wrong {
		t.Errorf("round %d: %s", r.number, what)
	}
	for _, v := range bad {
		lines := r.log.about(v.request)
		t.Errorf("round %d: %s\n%s", r.number, v, strings.Join(lines[:min(len(lines), mostLines)], "\n"))
	}
	t.Logf("round %d: over after %v", r.number, time.Since(r.begun).Round(time.Second))
	return len(wrong)
}

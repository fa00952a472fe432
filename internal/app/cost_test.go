package app_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// meter counts round trips to Redis: one for each command, one for a pipeline.
// While it counts, the agenda is closed, so that nothing but what is measured
// speaks to Redis; a claim that fails only costs time.
type meter struct {
	mu    sync.Mutex
	on    bool
	trips []string
}

// agenda is the first key of the scripts that look at the agenda.
var agenda = regexp.MustCompile(`:(due|agenda)$`)

// triesAll reports whether a command tries all that the bot needs of Redis.
func triesAll(cmd redis.Cmder) bool {
	return cmd.Name() == "evalsha" && strings.HasSuffix(fmt.Sprint(cmd.Args()[3]), ":rights:text")
}

// takesOver reports whether a command looks for what an older version left, which the
// bot does at any time.
func takesOver(cmd redis.Cmder) bool {
	switch args := cmd.Args(); cmd.Name() {
	case "zrange":
		return agenda.MatchString(fmt.Sprint(args[1])) // its own as well, for requests that the index lacks
	case "evalsha":
		return strings.HasSuffix(fmt.Sprint(args[3]), ":audit")
	}
	return false
}

var errClosed = errors.New("the agenda is closed while round trips are counted")

// DialHook lets everybody connect; a handshake is no round trip of a request.
func (m *meter) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook counts one command.
func (m *meter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := m.trip(cmd); err != nil {
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook counts one pipeline, unless it is the handshake of a new
// connection.
func (m *meter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if err := m.trip(cmds[0]); err != nil {
			return err
		}
		return next(ctx, cmds)
	}
}

func (m *meter) trip(cmd redis.Cmder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch name := cmd.Name(); {
	case !m.on, name == "hello", name == "client":
	case triesAll(cmd), name == "eval", name == "info": // the bot looks what is wrong with Redis
	case takesOver(cmd):
	case name == "evalsha" && agenda.MatchString(fmt.Sprint(cmd.Args()[3])):
		return errClosed
	default:
		m.trips = append(m.trips, name)
	}
	return nil
}

// start counts from now on.
func (m *meter) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on, m.trips = true, nil
}

// stop opens the agenda again and returns what was counted.
func (m *meter) stop() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on = false
	return slices.Clone(m.trips)
}

// TestCostOfACommand counts what comes before the acknowledgement.
func TestCostOfACommand(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p, m := open(t, addr, nil), &meter{}
		l := launch(t, p, p.Env(), m)
		l.becomes(t, p)
		l.log.wait(t, "start checks done") // it may ask Redis too
		m.start()
		id := ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" why")
		if diff := cmp.Diff([]string{"evalsha"}, m.stop()); diff != "" {
			t.Errorf("round trips before the acknowledgement (-want +got):\n%s", diff)
		}
		l.log.wait(t, id, `"event":"show"`)

		m.start()
		command(t, p, sandbox.Ada, sandbox.Incident, "help")
		command(t, p, sandbox.Ada, sandbox.Incident, "investgate it")
		if diff := cmp.Diff([]string(nil), m.stop()); diff != "" {
			t.Errorf("round trips of what changes nothing (-want +got):\n%s", diff)
		}
	})
}

// TestCostOfAnApproval counts what comes between a click and the POST: read,
// approve, send. Defender holds its answer back, so that nothing comes after.
func TestCostOfAnApproval(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p, m := open(t, addr, nil), &meter{}
		l := launch(t, p, p.Env(), m)
		l.becomes(t, p)
		l.log.wait(t, "start checks done") // it may ask Redis too
		id, c := pending(t, p, "investigate "+sandbox.Server+" why")
		l.log.wait(t, id, `"event":"show"`)
		off := p.Defender.Inject(defenderfake.Fault{On: defenderfake.StartInvestigation, Delay: 2 * time.Second})
		m.start()
		click(t, p, sandbox.Grace, c, "approve")
		err := p.Defender.Wait(limit(t), func(s defenderfake.Snapshot) bool {
			return slices.ContainsFunc(s.Calls, func(c defenderfake.Call) bool { return strings.HasPrefix(c.Endpoint, defenderfake.StartInvestigation) })
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"get", "evalsha", "evalsha"}, m.stop()); diff != "" {
			t.Errorf("round trips between click and POST (-want +got):\n%s", diff)
		}
		off()
		card(t, p, id, "Succeeded")
	})
}

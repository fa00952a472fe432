package due

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/bench/side"
)

// traffic is how much is sent to a store in a second.
type traffic struct {
	sent   float64 // commands or statements
	inside float64 // commands that scripts run in the store
}

// measureIdle counts beside each other what engines send that have nothing to do, once they
// have settled: load changes nothing about that.
func measureIdle(ctx context.Context, lab *side.Lab, all []engine) ([]traffic, error) {
	settle, watched := side.Pick(lab, 15*time.Second, 2*time.Second), side.Pick(lab, 60*time.Second, 2*time.Second)
	found := make([]traffic, len(all))
	g, ctx := errgroup.WithContext(ctx)
	for i, e := range all {
		g.Go(func() error {
			return e.onStage(ctx, lab, func(s stage, _ *side.Program) (err error) {
				if err = rest(ctx, settle); err == nil {
					found[i], err = s.idle(ctx, watched)
				}
				return err
			})
		})
	}
	return found, g.Wait()
}

// watch counts for a while what a Redis is sent. Nothing may be sent to it by this process
// meanwhile.
func watch(ctx context.Context, addr string, d time.Duration) (t traffic, err error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return t, fmt.Errorf("watch Redis: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := io.WriteString(conn, "MONITOR\r\n"); err != nil {
		return t, fmt.Errorf("watch Redis: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // ends the reading below
	if err := conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		return t, fmt.Errorf("watch Redis: %w", err)
	}
	sent, inside, err := count(conn)
	if end, is := errors.AsType[net.Error](err); !is || !end.Timeout() {
		return t, fmt.Errorf("watch Redis: %w", errors.Join(err, ctx.Err()))
	}
	return traffic{float64(sent) / d.Seconds(), float64(inside) / d.Seconds()}, nil
}

// count counts the lines of MONITOR until they end: what clients sent, and what scripts ran
// (https://redis.io/docs/latest/commands/monitor/).
func count(monitor io.Reader) (sent, inside int, err error) {
	lines := bufio.NewReader(monitor)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return sent, inside, err
		}
		_, who, is := strings.Cut(line, " [")
		if who, _, _ = strings.Cut(who, "]"); !is {
			continue // +OK
		}
		if strings.HasSuffix(who, " lua") {
			inside++
		} else {
			sent++
		}
	}
}

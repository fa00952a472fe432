package side

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a redis-server that writes each change to disk before it answers.
type Redis struct {
	*redis.Client

	Addr    string
	program *Program
}

// Redis starts a redis-server on a free port. Close ends it.
func (l *Lab) Redis(ctx context.Context) (*Redis, error) {
	dir, err := l.Dir()
	if err != nil {
		return nil, err
	}
	port, err := FreePort(ctx)
	if err != nil {
		return nil, err
	}
	r := &Redis{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	r.program, err = Start(ctx, nil, "redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	if err != nil {
		return nil, err
	}
	r.Client = redis.NewClient(&redis.Options{Addr: r.Addr, ContextTimeoutEnabled: true})
	if err := r.listens(ctx); err != nil {
		return nil, errors.Join(r.program.Failed(fmt.Errorf("redis-server: %w", err)), r.Client.Close())
	}
	return r, nil
}

// listens waits until the server takes connections.
func (r *Redis) listens(ctx context.Context) error {
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var dialer net.Dialer // the client tries again by itself, for seconds
	for {
		conn, err := dialer.DialContext(ctx, "tcp", r.Addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-patience.C:
			return err
		case <-r.program.Ended():
			return errors.New("it has ended")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// URL is its REDIS_URL.
func (r *Redis) URL() string { return "redis://" + r.Addr }

// Resident is its resident memory in bytes.
func (r *Redis) Resident() (int64, error) { return r.program.Resident() }

// PID is the server's process id.
func (r *Redis) PID() int { return r.program.PID() }

// Empty removes all that it holds.
func (r *Redis) Empty(ctx context.Context) error { return r.FlushAll(ctx).Err() }

// Close ends the server.
func (r *Redis) Close() error { return errors.Join(r.Client.Close(), r.program.Kill()) }

// FreePort is a TCP port of this machine that nobody listens on.
func FreePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on tcp
	return port, listener.Close()
}

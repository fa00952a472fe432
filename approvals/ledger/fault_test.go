package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
)

// said is an error as Redis says it.
type said string

func (s said) Error() string { return string(s) }
func (said) RedisError()     {}

// TestFaultOf: the words are those of Redis 7.0 and 7.2.
func TestFaultOf(t *testing.T) {
	for text, want := range map[string]Fault{
		"OOM command not allowed when used memory > 'maxmemory'.":                                              "OOM",
		"HALFWAY OOM command not allowed when used memory > 'maxmemory'.":                                      "OOM",
		"READONLY You can't write against a read only replica.":                                                "READONLY",
		"NOREPLICAS Not enough good replicas to write.":                                                        "NOREPLICAS",
		"NOPERM this user has no permissions to run the 'evalsha' command":                                     NoRight,
		"ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:1.": NoRight,
		"ERR ACL failure in script: User someone has no permissions to run the 'zadd' command":                 NoRight,
		"NOAUTH Authentication required.":                                                                      "NOAUTH",
		"ERR Protocol error: unauthenticated multibulk length":                                                 "NOAUTH",
		"WRONGPASS invalid username-password pair or user is disabled.":                                        "WRONGPASS",
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.":     "MISCONF",
		"ERR unknown command 'EVALSHA', with args beginning with: ":                                            NoCommand,
		"ERR Unknown Redis command called from script script: 1, on @user_script:1.":                           NoCommand,
		"ERR max number of clients reached":                                                                    Unspecific,
		"NOSCRIPT No matching script. Please use EVAL.":                                                        NoFault,
	} {
		if got := FaultOf(fmt.Errorf("%w: %w", approvals.ErrNotRecorded, said(text))); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for want, errs := range map[Fault][]error{
		NoFault:     {nil, redis.Nil, context.Canceled, errors.New("else"), approvals.Refuse(approvals.NoSuchRequest, "")},
		Behind:      {approvals.ErrTooFewReplicas},
		NotOnDisk:   {approvals.ErrNotOnDisk},
		Unreachable: {errNoMaster, &net.OpError{Op: "dial", Err: io.EOF}},
		NoAnswer:    {io.EOF, context.DeadlineExceeded, &net.OpError{Op: "read", Err: io.EOF}, redis.ErrPoolTimeout},
		"OOM":       {refusedError{{"SET", "OOM command not allowed"}, {"ZADD", "OOM command not allowed"}}},
	} {
		for _, err := range errs {
			if got := FaultOf(err); got != want {
				t.Errorf("%v: %q, want %q", err, got, want)
			}
		}
	}
}

// TestCheckWrongType: what others keep under the bot's keys is found before a change
// is made.
func TestCheckWrongType(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		for _, key := range s.keys.commit("op", approvals.Request{ID: "D-000000"}, testActions()[0].Post.Name)[2:12] { // those by person are looked at when they are used
			s.rdb.RPush(t.Context(), key, "a list")
			if err := s.Check(t.Context()); FaultOf(err) != "WRONGTYPE" {
				t.Errorf("with a list under %s: %v", key, err)
			}
			s.rdb.Del(t.Context(), key)
			if err := s.Check(t.Context()); err != nil {
				t.Errorf("without it: %v", err)
			}
		}
	})
}

// TestCheckTooFewReplicas: which fault it is, is known within the second that
// somebody who asks has.
func TestCheckTooFewReplicas(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		s := newTestStore(t, server.Client(t), testActions())
		s.replicas = 1
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Check(ctx); FaultOf(err) != Behind {
			t.Errorf("without a replica: %v", err)
		}
		redistest.StartReplica(t, server)
		redistest.Eventually(t, "the replica confirms", func(ctx context.Context) bool { return s.Check(ctx) == nil })
		admin := server.Client(t)
		s.rdb = userOf(t, server.Addr, admin, "+@all", "-wait")
		if err := s.Check(t.Context()); FaultOf(err) != NoRight || !strings.Contains(err.Error(), "WAIT") {
			t.Errorf("without the right to wait: %v", err)
		}
	})
}

package ledger

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

//go:embed scripts/*.lua
var files embed.FS

// scripts are the Lua scripts, each with lib.lua before it.
type scripts struct {
	note, rules *redis.Script // beside changes of requests

	commit, lease, finish, read, hold, budget, windows, list, reindex, rights, jump, ghost, inherit, trail, slots, agenda, sockets, census, home, now, freeze, seal, backlog *redis.Script
}

func loadScripts() scripts {
	return scripts{
		commit: script("commit"), lease: script("lease"), finish: script("finish"),
		read: script("read"), hold: script("hold"), budget: script("budget"), windows: script("windows"),
		list: script("list"), reindex: script("reindex"), rights: script("rights"),
		jump: script("jump"), ghost: script("ghost"),
		inherit: script("inherit"), trail: script("trail"), slots: script("slots"), agenda: script("agenda"),
		note: script("note"), rules: script("rules"),
		sockets: script("sockets"), census: script("census"), home: script("home"), now: script("now"), freeze: script("freeze"), seal: script("seal"),
		backlog: script("backlog"),
	}
}

func (s scripts) all() []*redis.Script {
	return []*redis.Script{s.note, s.rules, s.commit, s.lease, s.finish, s.read, s.hold, s.budget, s.windows, s.list, s.reindex, s.rights, s.jump, s.ghost, s.sockets, s.census, s.home, s.now, s.freeze, s.seal, s.backlog}
}

// asJSON is a value of this package's own for a script; texts and numbers can
// always be encoded.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func script(name string) *redis.Script { return redis.NewScript(source("lib") + source(name)) }

func source(name string) string {
	text, err := files.ReadFile("scripts/" + name + ".lua")
	if err != nil { // unreachable: the files are compiled in
		panic(err)
	}
	return string(text)
}

// The pauses between tries of a script that got no answer. A repeat is
// harmless: each commit has an operation id whose answer is kept.
var pauses = []time.Duration{50 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond}

// timed is what every script answers with at least: Redis's time.
type timed struct {
	Time int64 `json:"now"`
}

func (t timed) clock() time.Time { return time.UnixMilli(t.Time) }

type reply interface{ clock() time.Time }

// tried says how a script's run went besides its answer.
type tried struct {
	doubt    bool // an earlier try may have been carried out
	replicas int  // how many replicas confirmed, where that was asked
	disk     bool // the server's own disk has it, where that was asked
	noWait   error
	noDisk   error // why the one or the other could not be asked
}

// run runs a script until it answers, the context ends or it makes no sense to
// try again, and learns Redis's clock from the answer.
func (s *Store) run(ctx context.Context, sc *redis.Script, keys []string, into reply, args ...any) (tried, error) {
	var t tried
	for i := 0; ; i++ {
		sent := s.clock()
		text, err := s.once(ctx, sc, keys, &t, args)
		if err == nil {
			if err := decodeReply(text, into); err != nil {
				return t, err
			}
			s.learn(ctx, reading{into.clock(), sent, s.clock()})
			return t, nil
		}
		certain := notCarriedOut(err)
		t.doubt = t.doubt || !certain
		lasting := (certain || halfway(err)) && !passing(err)
		if i == len(pauses) || ctx.Err() != nil || lasting || !sleep(ctx, pauses[i]) {
			return t, unrecorded(t.doubt, err)
		}
	}
}

func decodeReply(text string, into reply) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("%w: answer of Redis: %w", approvals.ErrUnconfirmed, err)
	}
	return nil
}

func unrecorded(doubt bool, err error) error {
	if doubt {
		return fmt.Errorf("%w: %w", approvals.ErrUnconfirmed, err)
	}
	return fmt.Errorf("%w: %w", approvals.ErrNotRecorded, err)
}

// once sends a script once, by its digest, and in full where Redis does not
// know it yet.
func (s *Store) once(ctx context.Context, sc *redis.Script, keys []string, t *tried, args []any) (string, error) {
	master, err := s.master(ctx, keys[0])
	if err != nil {
		s.note(err)
		return "", err
	}
	var text string
	if wait := s.waits(sc); wait != (patience{}) {
		text, err = s.durably(ctx, master, sc, wait, keys, t, args)
	} else {
		text, err = sc.Run(ctx, master, keys, args...).Text()
	}
	s.note(err)
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok && err != nil {
		cluster.ReloadState(ctx) // the keys may have moved, or their master failed
	}
	return text, err
}

// master is the server that has key. A Cluster's client is not left to find it
// for a script: it repeats by itself a script whose answer was lost, and its
// last error says nothing about the tries before.
func (s *Store) master(ctx context.Context, key string) (redis.Cmdable, error) {
	cluster, ok := s.rdb.(*redis.ClusterClient)
	if !ok {
		return s.rdb, nil
	}
	node, err := cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoMaster, err)
	}
	return node, nil
}

// Master is the server that has what the bot keeps, to ask it about itself.
func (s *Store) Master(ctx context.Context) (redis.Cmdable, error) {
	return s.master(ctx, s.keys.nothing())
}

// errNoMaster means that it is not known which server of a Cluster to ask.
var errNoMaster = errors.New("no master is known")

// notCarriedOut reports whether an error proves that the script wrote nothing:
// there was nobody to send it to, or Redis answered that it refuses.
func notCarriedOut(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" || errors.Is(err, errNoMaster) {
		return true
	}
	var refused redis.Error
	return errors.As(err, &refused) && !halfway(err) || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrClosed)
}

// halfway reports whether a script failed after it had written something: Redis
// does not take that back
// (https://redis.io/docs/latest/develop/programmability/eval-intro/).
func halfway(err error) bool { return redis.HasErrorPrefix(err, "HALFWAY") }

// passing reports whether a refusal is likely to pass by itself.
func passing(err error) bool {
	var refused redis.Error
	if !errors.As(err, &refused) {
		return true
	}
	for _, prefix := range []string{"LOADING", "READONLY", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "BUSY", "UNBLOCKED"} {
		if strings.HasPrefix(strings.TrimPrefix(refused.Error(), "HALFWAY "), prefix) {
			return true
		}
	}
	return false
}

// sleep waits for d or the end of ctx, and reports whether it was d.
func sleep(ctx context.Context, d time.Duration) bool {
	done, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-done.Done()
	return ctx.Err() == nil
}

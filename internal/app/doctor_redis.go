package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
)

// redisExams look at what the bot starts without, and is worse off for.
func (a *App) redisExams(p *parts) []exam {
	return []exam{
		{"redis version", "", func(ctx context.Context) []Finding { return a.examineRedis(ctx, p) }},
	}
}

// examineRedis asks the server that has the bot's keys about itself, with commands that
// the bot's user has anyway. Where it does not answer, one line says why for all.
func (a *App) examineRedis(ctx context.Context, p *parts) []Finding {
	node, err := a.store(p.rdb, ledger.Installation{}).Master(ctx) // all installations of a tenant are on one server
	if err != nil {
		return []Finding{unanswered("redis version", err)}
	}
	text, err := node.Info(ctx).Result()
	if err != nil {
		return []Finding{unanswered("redis version", err)}
	}
	said := infoFields(text)
	found := []Finding{redisVersion(said), redisMemory(said), a.replicas(said)}
	trips, err := a.trips(ctx, node)
	if err != nil {
		return append(found, unanswered("redis round trip", err))
	}
	return append(found, roundTrip(trips), redisClock(trips))
}

func unanswered(about string, err error) Finding {
	return Finding{About: about, Grade: Unknown, Says: "not known, and neither is what else Redis reports of itself: " + err.Error(), Mend: "see the lines about redis above"}
}

// infoFields are the fields of INFO (https://redis.io/docs/latest/commands/info/).
func infoFields(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

// oldestRedis is the oldest major version that the tests run on.
const oldestRedis = 7

// redisVersion is that of the server. Valkey goes by 7.2 as a Redis.
func redisVersion(said map[string]string) Finding {
	f := Finding{About: "redis version", Grade: Well, Says: "Redis " + said["redis_version"]}
	if v := said["valkey_version"]; v != "" {
		f.Says = "Valkey " + v
	}
	major, _, _ := strings.Cut(said["redis_version"], ".")
	switch n, err := strconv.Atoi(major); {
	case err != nil:
		f.Grade, f.Says, f.Mend = Unknown, "Redis does not report its version", "nothing to do if the line redis is ok: it has what the bot uses"
	case n < oldestRedis:
		f.Grade, f.Mend = Doubt, "use Redis 7 or newer, or Valkey: the bot is not tested with anything older"
		f.Says += " is older than the bot needs"
	}
	return f
}

// scarce is from how much of the memory in use on it is time to do something: with
// noeviction a full Redis refuses all that is new.
const scarce = 80 // percent

// redisMemory is how much of it is left.
func redisMemory(said map[string]string) Finding {
	used, errUsed := strconv.ParseUint(said["used_memory"], 10, 64)
	most, errMost := strconv.ParseUint(said["maxmemory"], 10, 64)
	of := "its maxmemory"
	if errMost == nil && most == 0 {
		most, errMost = strconv.ParseUint(said["total_system_memory"], 10, 64)
		of = "its host's memory; maxmemory is not set"
	}
	if errUsed != nil || errMost != nil || most == 0 {
		return Finding{About: "redis memory", Grade: Unknown, Says: "Redis does not report how much memory it may use", Mend: "watch it where this Redis is hosted: when it is full, nothing new is recorded"}
	}
	percent := float64(used) / float64(most) * 100
	f := Finding{About: "redis memory", Grade: Well, Says: fmt.Sprintf("%d MiB in use, %.0f %% of %s", used>>20, percent, of)}
	if percent >= scarce {
		f.Grade, f.Mend = Doubt, "raise maxmemory, give Redis a larger machine, or shorten RETENTION: when it is full, nothing new is recorded"
	}
	return f
}

// replicas are those that are in step with the master, against what is asked of them.
func (a *App) replicas(said map[string]string) Finding {
	f := Finding{About: "redis replicas", Grade: Well}
	if _, reported := said["connected_slaves"]; !reported {
		f.Grade, f.Says, f.Mend = Unknown, "Redis does not report its replicas", "find out where this Redis is hosted what a failover can lose"
		return f
	}
	online, need := 0, a.config.WaitReplicas
	for name, value := range said {
		if number, is := strings.CutPrefix(name, "slave"); is && strings.Contains(value, "state=online") && isNumber(number) {
			online++
		}
	}
	f.Says = fmt.Sprintf("%d online, and REDIS_WAIT_REPLICAS is %d", online, need)
	switch {
	case said["role"] != "master":
		f.Grade, f.Says, f.Mend = Wrong, "REDIS_URL leads to a replica", mends()["READONLY"]
	case online < need:
		f.Grade, f.Mend = Wrong, mends()[ledger.Behind]
	case need > 0 && online == need:
		f.Grade, f.Says = Doubt, f.Says+": when one of them is down, nothing counts as recorded"
		f.Mend = "run one more replica than REDIS_WAIT_REPLICAS asks for"
	case need == 0 && online > 0 && a.config.Durability == ByAOF:
		f.Grade, f.Says = Doubt, f.Says+": a failover loses what the replica does not have yet, and a call could be made twice"
		f.Mend = "set REDIS_WAIT_REPLICAS to 1"
	}
	return f
}

func isNumber(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

// trip is one question to Redis, for its time, and the answer.
type trip struct{ took, ahead time.Duration }

// someTrips are enough for a median.
const someTrips = 5

// trips are some questions in a row, the fastest first.
func (a *App) trips(ctx context.Context, node redis.Cmdable) ([]trip, error) {
	list := make([]trip, someTrips)
	for i := range list {
		sent := a.options.Clock()
		now, err := node.Time(ctx).Result()
		if err != nil {
			return nil, fmt.Errorf("ask Redis for the time: %w", err)
		}
		took := a.options.Clock().Sub(sent)
		list[i] = trip{took, now.Sub(sent.Add(took / 2))}
	}
	slices.SortFunc(list, func(x, y trip) int { return int(x.took - y.took) })
	return list, nil
}

// slow is a round trip of which three, between a click and the call, are felt.
const slow = 50 * time.Millisecond

func roundTrip(trips []trip) Finding {
	median := trips[len(trips)/2].took
	if median <= slow {
		return Finding{About: "redis round trip", Grade: Well, Says: "no more than " + slow.String()}
	}
	return Finding{
		About: "redis round trip", Grade: Doubt, Says: median.Round(time.Millisecond).String(),
		Mend: "run the bot closer to Redis: Slack waits three seconds for an answer, and a click takes three of these trips",
	}
}

// clocksApart is how far the clocks may be from each other: what windows have to spare.
const clocksApart = time.Second

func redisClock(trips []trip) Finding {
	ahead, unsure := trips[0].ahead, trips[0].took/2
	if ahead.Abs()-unsure <= clocksApart {
		return Finding{About: "redis clock", Grade: Well, Says: "no more than a second apart"}
	}
	side := "ahead of"
	if ahead < 0 {
		side = "behind"
	}
	return Finding{
		About: "redis clock", Grade: Doubt, Says: fmt.Sprintf("%s %s this machine's", ahead.Abs().Round(time.Millisecond), side),
		Mend: "synchronise both machines' clocks (NTP): deadlines, limits and the audit trail go by Redis's, tokens by this machine's",
	}
}

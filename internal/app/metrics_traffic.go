package app

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"defenderbot/bot"
	"defenderbot/defender"
)

// traffic counts what goes out to Slack, Entra, Defender and Redis, and how long the
// answers take.
type traffic struct {
	endpoints    []string
	slack        *prometheus.CounterVec
	defender     *prometheus.CounterVec
	defenderTook *prometheus.HistogramVec
	entra        *prometheus.CounterVec
	entraTook    *prometheus.HistogramVec
	redisTook    *prometheus.HistogramVec
}

// statuses are the HTTP statuses that mean something of their own, and the classes of all
// others.
func statuses() []string {
	return []string{"2xx", "3xx", "400", "401", "403", "404", "429", "4xx", "5xx", noAnswer}
}

// noAnswer is the status of a call that came to no answer.
const noAnswer = "none"

func statusOf(code int) string {
	switch exact := strconv.Itoa(code); {
	case slices.Contains(statuses(), exact):
		return exact
	case code >= 200 && code < 600:
		return fmt.Sprintf("%dxx", code/100)
	}
	return noAnswer // 0, or no status of HTTP: nothing can be read in such an answer
}

// slackErrors are the errors of Slack's methods that are counted by name: those that say
// something about the installation, about Slack, or about a mistake of the bot's.
// See https://docs.slack.dev/reference/methods/chat.postMessage#errors.
func slackErrors() []string {
	return []string{
		bot.CalledWell, bot.CalledVain, bot.CalledOddly, "http_4xx", "http_5xx", "ratelimited", "internal_error", "invalid_auth", "account_inactive",
		"token_revoked", "missing_scope", "not_in_channel", "channel_not_found", "is_archived", "restricted_action", "message_not_found",
		"invalid_blocks", others,
	}
}

// redisCommands are those that the bot sends. A script is evalsha, and what is sent together a
// pipeline.
func redisCommands() []string {
	return []string{
		"evalsha", "eval", "script", "get", "zadd", "zrange", "zrangebylex", "zcount", "zrem", "xrange", "xrevrange", "info", "time", "pipeline",
		"hello", "client", "auth", others, // a new connection introduces itself
	}
}

func (m *metrics) newTraffic(catalogue defender.Catalogue) traffic {
	var endpoints []string
	for _, e := range catalogue.Endpoints() {
		endpoints = append(endpoints, e.Name)
	}
	endpoints = append(endpoints, others)
	return traffic{
		endpoints: endpoints,
		slack: m.counter("defenderbot_slack_calls_total", "Calls to Slack's Web API, by method and Slack's error; ok: no error; none: no answer; "+
			"unusable: an answer that makes no sense; http_4xx and http_5xx: an error that is not Slack's own.",
			[]string{"method", "error"}, append(bot.Methods(), others), slackErrors()),
		defender: m.counter("defenderbot_defender_requests_total", "Requests to Defender, by endpoint and HTTP status; none: there was no answer.",
			[]string{"endpoint", "status"}, endpoints, statuses()),
		defenderTook: m.histogram("defenderbot_defender_request_seconds", "How long Defender takes to answer, by endpoint; without an answer, until the bot gave up.",
			distant(), "endpoint", endpoints),
		entra: m.counter("defenderbot_entra_requests_total", "Requests for a token, by HTTP status; none: there was no answer.",
			[]string{"status"}, statuses()),
		entraTook: m.histogram("defenderbot_entra_request_seconds", "How long Entra takes to answer; without an answer, until the bot gave up.",
			distant(), "endpoint", []string{"token"}),
		redisTook: m.histogram("defenderbot_redis_command_seconds", "How long Redis takes to answer, network included, by command; evalsha is a script.",
			quick(), "command", redisCommands()),
	}
}

// slackCalled counts a call of Slack's Web API.
func (t traffic) slackCalled(method, outcome string) {
	t.slack.WithLabelValues(oneOf(method, bot.Methods()), oneOf(outcome, slackErrors())).Inc()
}

// defenderAsked counts a request to Defender.
func (t traffic) defenderAsked(endpoint string, status int, took time.Duration) {
	endpoint = oneOf(endpoint, t.endpoints)
	t.defender.WithLabelValues(endpoint, statusOf(status)).Inc()
	t.defenderTook.WithLabelValues(endpoint).Observe(took.Seconds())
}

// entraAsked counts a request for a token.
func (t traffic) entraAsked(status int, took time.Duration) {
	t.entra.WithLabelValues(statusOf(status)).Inc()
	t.entraTook.WithLabelValues("token").Observe(took.Seconds())
}

// stopwatch is a hook of go-redis that takes the time of each command. A pipeline is one:
// it waits for all of its answers.
type stopwatch struct {
	clock func() time.Time
	took  *prometheus.HistogramVec
}

// DialHook leaves dials alone.
func (s stopwatch) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook takes the time of one command.
func (s stopwatch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := s.clock()
		err := next(ctx, cmd)
		s.note(strings.ToLower(cmd.Name()), began)
		return err
	}
}

// ProcessPipelineHook takes the time of several that are sent together.
func (s stopwatch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		began := s.clock()
		err := next(ctx, cmds)
		s.note("pipeline", began)
		return err
	}
}

func (s stopwatch) note(command string, began time.Time) {
	s.took.WithLabelValues(oneOf(command, redisCommands())).Observe(s.clock().Sub(began).Seconds())
}

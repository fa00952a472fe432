package bot

import (
	"net/http"
	"strings"
)

// Methods are all methods of Slack's Web API that the bot calls, and the addresses of
// commands and clicks, which take answers too
// (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses).
func Methods() []string {
	return []string{
		openMethod, "auth.test", "bots.info", "chat.delete", "chat.postEphemeral", "chat.postMessage", "chat.update", "conversations.info",
		"conversations.open", "usergroups.list", "usergroups.users.list", "users.info", "views.open", "views.publish", toResponseURL,
	}
}

// toResponseURL stands for the method where there is none.
const toResponseURL = "response_url"

// What became of a call beside what Slack refused it with.
const (
	CalledWell  = "ok"
	CalledOddly = "unusable" // an answer that makes no sense
	CalledVain  = "none"     // no answer
)

// outcomeOf is what became of a call, in one word: Slack's own where it gave one.
func outcomeOf(status int, code string, err error) string {
	switch {
	case status == 0:
		return CalledVain
	case status == http.StatusTooManyRequests:
		return "ratelimited"
	case status >= http.StatusInternalServerError:
		return "http_5xx"
	case status >= http.StatusBadRequest:
		return "http_4xx"
	case err != nil, status >= http.StatusMultipleChoices:
		return CalledOddly
	case code != "":
		return code
	}
	return CalledWell
}

// called tells whoever counts what became of a call.
func (s *sieve) called(method string, status int, code string, err error) {
	if s.count == nil {
		return
	}
	if method == "" {
		method = toResponseURL
	}
	s.count(method, outcomeOf(status, code, err))
}

// methodOf is the method that an address is of; empty: it is a response_url.
func (s *sieve) methodOf(req *http.Request) string {
	method, toAPI := strings.CutPrefix(req.URL.String(), s.api)
	if !toAPI {
		return ""
	}
	method, _, _ = strings.Cut(method, "?")
	return method
}

package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// Fault is what is wrong with Redis, in one word that operators can search for:
// where Redis answered, the word that its refusal begins with
// (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors).
type Fault string

// The faults that Redis has no word for, and those that its scripts say otherwise.
const (
	NoFault     Fault = ""
	Unreachable Fault = "unreachable" // no connection could be made
	NoAnswer    Fault = "no answer"   // the connection broke, or it took too long
	Behind      Fault = "too few replicas"
	NotOnDisk   Fault = "not on disk"     // in time
	NoCommand   Fault = "unknown command" // renamed, or of a later version
	NoRight     Fault = "NOPERM"
	Unspecific  Fault = "ERR"
)

// elsewhere are the faults after which another server may answer, or the same one with
// older data.
var elsewhere = map[Fault]bool{
	Unreachable: true, NoAnswer: true, "READONLY": true, "LOADING": true, "CLUSTERDOWN": true, "MASTERDOWN": true, "MOVED": true,
}

// FaultOf is the fault that an error tells of; NoFault: Redis is not the cause.
func FaultOf(err error) Fault {
	var refused redis.Error
	var network net.Error
	var op *net.OpError
	switch {
	case noFault(err):
		return NoFault
	case errors.Is(err, approvals.ErrTooFewReplicas):
		return Behind
	case errors.Is(err, approvals.ErrNotOnDisk):
		return NotOnDisk
	case errors.As(err, &refused):
		return faultNamed(refused.Error())
	case errors.Is(err, errNoMaster), errors.As(err, &op) && op.Op == "dial":
		return Unreachable
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, redis.ErrPoolTimeout):
		return NoAnswer
	}
	return NoFault
}

// noFault reports whether an error is in the order of things.
func noFault(err error) bool {
	_, decided := approvals.AsRefusal(err)
	return err == nil || decided || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) || redis.HasErrorPrefix(err, "NOSCRIPT")
}

// faultNamed is the fault that Redis's words name. What a script was refused for
// want of a right or of a command has no word of its own.
func faultNamed(text string) Fault {
	text = strings.TrimPrefix(text, "HALFWAY ")
	word, _, _ := strings.Cut(text, " ")
	switch word {
	case "OOM", "READONLY", "NOREPLICAS", "NOPERM", "NOAUTH", "WRONGPASS", "MISCONF", "LOADING", "BUSY", "WRONGTYPE", "CLUSTERDOWN",
		"MASTERDOWN", "CROSSSLOT", "MOVED", "ASK", "TRYAGAIN", "UNBLOCKED":
		return Fault(word)
	}
	switch lower := strings.ToLower(text); {
	case strings.Contains(lower, "unauthenticated"): // what a long command hears instead
		return "NOAUTH"
	case strings.Contains(lower, "can't run this command"), strings.Contains(lower, "acl failure"):
		return NoRight
	case strings.Contains(lower, "unknown command"), strings.Contains(lower, "unknown redis command"):
		return NoCommand
	}
	return Unspecific
}

// note tells whoever watches of an error of Redis.
func (s *Store) note(err error) {
	if !noFault(err) {
		if elsewhere[FaultOf(err)] {
			s.unsettle()
		}
		s.failed(cmp.Or(FaultOf(err), NoAnswer)) // what is none of Redis's refusals is the way to it
	}
}

// refusedCommand is a command that Redis refuses, and its words for it.
type refusedCommand struct {
	Command string `json:"command"`
	Why     string `json:"why"`
}

// refusedError is what Redis refuses of what is needed. It is a [redis.Error].
type refusedError []refusedCommand

// RedisError marks it as Redis's own.
func (refusedError) RedisError() {}

// Error begins with Redis's word for the first, and names all.
func (e refusedError) Error() string {
	var reasons []string
	by := map[string][]string{}
	for _, c := range e {
		if _, there := by[c.Why]; !there {
			reasons = append(reasons, c.Why)
		}
		by[c.Why] = append(by[c.Why], c.Command)
	}
	for i, why := range reasons {
		reasons[i] = fmt.Sprintf("%s: %s", strings.TrimRight(why, ". "), strings.Join(by[why], ", "))
	}
	return strings.Join(reasons, "; ")
}

package office

import (
	"cmp"
	"errors"
	"slices"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// causeReasons are what the causes of package defender mean for people.
func causeReasons() map[defender.Cause]approvals.Reason {
	return map[defender.Cause]approvals.Reason{
		defender.OutcomeUnknown:  approvals.NotReached,
		defender.NotSent:         approvals.NotReached,
		defender.Throttled:       approvals.Throttled,
		defender.Unauthenticated: approvals.TokenRefused,
		defender.AlreadyRunning:  approvals.AlreadyRunning,
		defender.NoSuchDevice:    approvals.NoSuchDevice,
		defender.UnsupportedOS:   approvals.UnsupportedOS,
		defender.MissingRole:     approvals.MissingRole,
		defender.Licence:         approvals.Licence,
		defender.Disallowed:      approvals.Disallowed,
		defender.Refused:         approvals.Refused,
		defender.BadAnswer:       approvals.BadAnswer,
		defender.NotFound:        approvals.NotShown,
	}
}

// whyOf is why a request to Defender came to nothing: whoever reads it learns what
// the log has, and so who can mend it.
func whyOf(err error) approvals.Why {
	if e, ok := errors.AsType[*defender.TokenError](err); ok {
		return tokenWhy(e)
	}
	e, ok := errors.AsType[*defender.Error](err)
	if !ok {
		return approvals.Why{Reason: approvals.NotReached}
	}
	why := approvals.Why{Reason: causeReasons()[e.Cause], Detail: e.Says(), Target: e.Target}
	switch {
	case e.Cause == defender.MissingRole:
		why.Detail = cmp.Or(e.Role, why.Detail)
	case e.Cause == defender.OutcomeUnknown && e.Status != 0:
		why.Reason = approvals.ServiceTrouble
	case errors.Is(err, defender.ErrLate):
		why = approvals.Why{Reason: approvals.HeldUp}
	}
	return why
}

// tokenWhy tells a login service that is in trouble from one that refuses.
func tokenWhy(e *defender.TokenError) approvals.Why {
	if e.Passing() {
		return approvals.Why{Reason: approvals.LoginTrouble, Detail: e.Says()}
	}
	return approvals.Why{Reason: approvals.NoToken, Detail: e.Says()}
}

// lasts reports whether a reason stays until somebody mends it, so that asking
// again soon will not help.
func lasts(r approvals.Reason) bool {
	return slices.Contains([]approvals.Reason{
		approvals.NoToken, approvals.MissingRole, approvals.Licence, approvals.Disallowed, approvals.Refused, approvals.ReadsEnded,
	}, r)
}

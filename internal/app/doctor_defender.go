package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// microsoftExams are of Entra and Defender.
func (a *App) microsoftExams(p *parts) []exam {
	return []exam{
		{"credential", "", func(context.Context) []Finding { return []Finding{a.ends()} }},
		{"entra", "", func(ctx context.Context) []Finding { return []Finding{entra(ctx, p.tokens)} }},
		{"entra roles", "", func(ctx context.Context) []Finding { return a.roles(ctx, p.tokens) }},
		{"defender", "", func(ctx context.Context) []Finding { return []Finding{a.reach(ctx, p)} }},
		{"microsoft clock", "", func(context.Context) []Finding { return microsoftClocks(p) }},
		{"ended actions", "redis", func(ctx context.Context) []Finding { return a.ended(ctx, p) }},
	}
}

// soon is how long before its end a certificate is warned of.
const soon = 30 * 24 * time.Hour

// ends says when what the bot proves itself with runs out, as far as that is known.
func (a *App) ends() Finding {
	now, credential := a.options.Clock(), a.config.Credential
	f := Finding{About: "credential", Grade: Well}
	end, err := credential.Ends(now)
	switch left := end.Sub(now); {
	case err != nil:
		f.Grade, f.Says, f.Mend = Wrong, err.Error(), "replace the file; the bot reads it again for each token"
	case !end.IsZero():
		f.Says = fmt.Sprintf("the %s expires on %s, in %d days", credential.Kind(), end.Format(time.DateOnly), int(left.Hours()/24))
		if left < soon {
			f.Grade, f.Mend = Doubt, "upload a new one to the app registration in Entra, then replace the file: the bot reads it again for each token"
		}
	case credential.Kind() == "client secret":
		f.Grade = Unknown
		f.Says = "a client secret does not show when it expires; Entra tells only those who may read app registrations, and the bot does not need to"
		f.Mend = "look it up under “Certificates & secrets” of the app registration, and note the date; or use a certificate or a workload identity"
	default:
		f.Says = "the " + credential.Kind() + " is valid now, and its issuer replaces it"
	}
	return f
}

// entra asks for a token.
func entra(ctx context.Context, tokens *defender.Tokens) Finding {
	if _, err := tokens.Get(ctx); err != nil {
		refused, _ := errors.AsType[*defender.TokenError](err) // Get has no other errors
		says := refused.Error()                                // begins like this
		if known := refused.Says(); known != "" {
			says = "no token: " + known
		}
		if refused.Description != "" {
			says += ": " + strings.TrimPrefix(refused.Description, refused.AADSTS+": ")
		}
		return Finding{About: "entra", Grade: Wrong, Says: says, Mend: cmp.Or(mendTrust(err), mendToken(err))}
	}
	return Finding{About: "entra", Grade: Well, Says: "accepts the credential and issues tokens"}
}

// roles holds those of the token against what the actions need that are switched on.
func (a *App) roles(ctx context.Context, tokens *defender.Tokens) (found []Finding) {
	access, err := tokens.Get(ctx)
	if err != nil {
		return []Finding{unexamined("entra roles", "entra")}
	}
	say := func(g Grade, says, mend string) {
		found = append(found, Finding{About: "entra roles", Grade: g, Says: says, Mend: mend})
	}
	roles, readable := defender.Roles(access)
	if !readable {
		say(Unknown, "the token cannot be read, so a missing role shows only when a call is refused", "")
		return found
	}
	needs := a.options.Catalogue.Needs(a.config.Actions)
	for _, n := range needs {
		if _, met := n.Met(roles); !met {
			grade := Wrong
			if n.Package || a.allEnded(n.Actions) {
				grade = Doubt
			}
			say(grade, n.AnyOf[0]+" is missing; it is needed for "+n.For(),
				"in Entra, add the application permission "+n.AnyOf[0]+" of WindowsDefenderATP and grant admin consent; a running bot has it within an hour")
		}
	}
	if surplus := defender.Surplus(needs, roles); len(surplus) > 0 {
		say(Doubt, "more than the enabled actions need: "+strings.Join(surplus, ", "),
			"remove them from the app registration in Entra, unless you are going to enable an action that needs them (ACTIONS)")
	}
	if len(found) == 0 {
		say(Well, "all that are needed and no others: "+strings.Join(roles, ", "), "")
	}
	return found
}

// allEnded reports whether Microsoft has ended all of these actions.
func (a *App) allEnded(actions []string) bool {
	going := slices.ContainsFunc(actions, func(name string) bool {
		row, _ := a.options.Catalogue.Named(name)
		return row.Ended == nil
	})
	return len(actions) > 0 && !going
}

// reach reads something of Defender.
func (a *App) reach(ctx context.Context, p *parts) Finding {
	if _, err := p.tokens.Get(ctx); err != nil {
		return unexamined("defender", "entra")
	}
	f := Finding{About: "defender", Grade: Well, Says: "accepts the token and answers a read; only a call shows whether the licence covers an action"}
	if until := bookRead(ctx, p); !until.IsZero() {
		f.Grade, f.Says, f.Mend = Unknown, "not asked: the limit that Microsoft sets for reads is used up until "+until.Format(time.RFC3339), "try again later"
		return f
	}
	err := p.client.Reach(ctx)
	if err == nil {
		return f
	}
	e, _ := errors.AsType[*defender.Error](err) // Reach has no other errors
	f.unreached = slices.Contains([]defender.Cause{defender.NotSent, defender.OutcomeUnknown, defender.BadAnswer}, e.Cause)
	f.Grade, f.Says, f.Mend = Wrong, "a read failed: "+reason(e), mendDefender(e)
	if e.Cause == defender.Throttled {
		f.Grade = Unknown
	}
	return f
}

// bookRead books a slot for a read where there is a Redis to book it in, and returns when it
// can be tried again where there is none.
func bookRead(ctx context.Context, p *parts) time.Time {
	if p.store == nil {
		return time.Time{}
	}
	short, cancel := context.WithTimeout(ctx, probeLimit) // Defender is to be asked all the same
	defer cancel()
	until, _ := p.store.BookReads(short, defender.MachinesEndpoint(), 1, ledger.ForPolling())
	return until
}

// reason is why Defender did not do it, without what was tried.
func reason(e *defender.Error) string {
	says := cmp.Or(e.Says(), e.Error())
	_, leads := errors.AsType[*defender.Redirect](e)
	switch {
	case e.Cause == defender.OutcomeUnknown:
		return says
	case e.Status != 0 && e.Err != nil && !leads: // what cannot be read in the answer
		says += ": " + e.Err.Error()
	}
	return string(e.Cause) + ": " + says
}

// mendDefender is what an operator does about a request that Defender did not take.
func mendDefender(e *defender.Error) string {
	if mend := mendTrust(e); mend != "" {
		return mend
	}
	switch e.Cause { //nolint:exhaustive // of the others there is no more to say
	case defender.MissingRole:
		return "in Entra, add the application permission " + e.Role + " of WindowsDefenderATP and grant admin consent"
	case defender.Licence:
		return "check that the tenant has a licence for Defender for Endpoint, and that somebody has opened it in the portal once"
	case defender.Unauthenticated:
		return "check that DEFENDER_CLOUD, DEFENDER_API_URL and DEFENDER_SCOPE belong to the same cloud"
	case defender.Throttled:
		return "try again later: Microsoft's limit is used up"
	}
	return "check that this host can reach DEFENDER_API_URL (through HTTPS_PROXY, if that is set), and that Defender is up"
}

// ended says of each action that Microsoft has ended what the tenant has said last.
func (a *App) ended(ctx context.Context, p *parts) (found []Finding) {
	say := func(g Grade, says, mend string) {
		found = append(found, Finding{About: "ended actions", Grade: g, Says: says, Mend: mend})
	}
	for _, row := range a.options.Catalogue {
		if row.Ended == nil || !slices.Contains(a.config.Actions, row.Name) {
			continue
		}
		at, err := p.store.EndedAt(ctx, row)
		switch {
		case err != nil:
			say(Unknown, err.Error(), mendRedis)
		case at.IsZero():
			say(Unknown, row.Name+": "+row.Notice()+" Defender has refused none here in the last day.",
				"`bot doctor -probe` asks Defender; if the action has ended, remove "+row.Name+" from ACTIONS")
		default:
			say(Doubt, fmt.Sprintf("%s: Defender refused one at %s, as Microsoft has announced", row.Name, at.Format(time.RFC3339)),
				"remove "+row.Name+" from ACTIONS; "+row.Ended.Successor+" replaces it")
		}
	}
	if len(found) == 0 {
		say(Well, "none is enabled", "")
	}
	return found
}

package bot

import (
	"fmt"
	"strings"

	"defenderbot/approvals"
)

// mostOthers is how many entries of the list of approvers a refusal names.
const mostOthers = 6

// tooFew says that too few people could approve, and who on the list does not
// count and why.
func tooFew(n *approvals.Refusal) string {
	var list []string
	for i, s := range n.Others {
		if i == mostOthers {
			list = append(list, fmt.Sprintf("and %d more", len(n.Others)-i))
			break
		}
		list = append(list, standing(s))
	}
	who := stop(strings.Join(list, "; "))
	if n.Why.Reason == approvals.NotKnown {
		return "Slack could not tell me whether enough people other than you can approve this, so I did nothing. " +
			"Try again in a minute. Not known: " + who
	}
	s := sayings()[n.Why.Reason]
	return stop(s.what) + " Of those on the list: " + who + " " + s.then
}

// standing says how one entry counts. Names and ids come without mentions: the
// answer is plain text, and nobody needs to be called.
func standing(s approvals.Standing) string {
	who := s.ID
	if called := s.Person.Called(); called != s.Person.ID {
		who = called + " (" + s.ID + ")"
	}
	says := who + ": " + string(s.Bar)
	if s.Bar == approvals.IsRefused || s.Bar == approvals.IsWithheld {
		says += ": " + lastingRefusal(s.Err)
	}
	if s.Bar == approvals.IsElsewhere {
		says += ", which does not count in this channel"
	}
	return says
}

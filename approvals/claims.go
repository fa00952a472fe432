package approvals

import "slices"

// claim is an entry of the index: something that a request holds, named so
// that all holders of the same thing stand under one prefix.
type claim struct {
	prefix string // ends with "/"
	owner  string // the request
	alone  bool   // only one owner at a time
}

func (c claim) member() string { return c.prefix + c.owner }

// claims are the index entries of r as it is:
//
//	asks/<person>/<id>             a request that is not decided yet; the person by the one key of all their ids
//	open/<action>/<device>/<id>    a call on the device that has not ended; one at a time
//	retry/<old>/<id>               a retry of another request; one, ever, that reached approvers
//	job/<job>/<id>                 a job in Defender that a call of r stands for; one at a time.
//	                               Its id may be that of an alert, until an investigation has its own
//	alert/<alert>/<id>             the alert of such a job
func claims(r Request) []claim {
	var list []claim
	if r.State == Checking || r.State == Pending {
		list = append(list, claim{asksPrefix(r.By), r.ID, false})
	}
	unseen := r.State.Ended() && r.Opened.IsZero()
	if r.RetryOf != "" && r.State != "" && !unseen {
		list = append(list, claim{"retry/" + r.RetryOf + "/", r.ID, true})
	}
	for i, d := range r.Devices {
		if d.ID != "" && r.openOn(i) {
			list = append(list, claim{openPrefix(r.Action, d.ID), r.ID, true})
		}
	}
	for _, c := range r.Calls {
		if c.Job.ID != "" {
			list = append(list, claim{jobPrefix(c.Job.ID), r.ID, true})
		}
		if c.Job.Alert != "" {
			list = append(list, claim{alertPrefix(c.Job.Alert), r.ID, false})
		}
	}
	return list
}

func openPrefix(action, device string) string { return "open/" + action + "/" + device + "/" }

func alertPrefix(id string) string { return "alert/" + id + "/" }

func jobPrefix(id string) string { return "job/" + id + "/" }

// openOn reports whether something can still happen on device i because of r.
func (r Request) openOn(i int) bool {
	if r.State == "" || r.State.Ended() {
		return false
	}
	return i >= len(r.Calls) || !r.Calls[i].State.Ended()
}

func asksPrefix(p Person) string { return "asks/" + p.key() + "/" }

// moved are the claims that after holds and before did not, and the other way
// around.
func moved(before, after Request) (gained, dropped []claim) {
	had, has := claims(before), claims(after)
	for _, c := range has {
		if !slices.Contains(had, c) {
			gained = append(gained, c)
		}
	}
	for _, c := range had {
		if !slices.Contains(has, c) {
			dropped = append(dropped, c)
		}
	}
	return gained, dropped
}

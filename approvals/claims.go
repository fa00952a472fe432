package approvals

import (
	"fmt"
	"time"
)

// Claim is an entry of the index: something that a request holds, named so
// that all holders of the same thing stand under one prefix.
type Claim struct {
	Prefix string // ends with "/"
	Owner  string // the request
	Alone  bool   // only one owner at a time
}

// Member is the entry as it stands in the index.
func (c Claim) Member() string { return c.Prefix + c.Owner }

// Claims are the index entries of r as it is:
//
//	asks/<person>/<id>             a request that is not decided yet; the person by the one key of all their ids
//	open/<action>/<device>/<id>    a call on the device that has not ended; one at a time
//	open/<group>/<device>/<id>     the same for the group of actions that exclude each other, if there is one
//	retry/<old>/<id>               a retry of another request, that reached approvers. A version that tries
//	                               a request again once, when it is done, makes none beside it
//	again/<old>/<device>/<id>      its device; one retry of each, ever
//	job/<job>/<id>                 a job in Defender that a call of r stands for; one at a time.
//	                               Its id may be that of an alert, until an investigation has its own
//	alert/<alert>/<id>             the alert of such a job
//	open/unfreeze/<freeze>/<id>    that the freeze is to be lifted; one at a time
//	asked/<action>/<device>/<time>/<id>  that it was put to approvers, until it is forgotten;
//	                               the time is when it was asked for. A version from before these
//	                               leaves out its own, and leaves those of what it forgets
//	by/<person>/open/<asked>/<id>, in/<channel>/<asked>/<id>   that it has not ended, or waits for its review
//	by/<person>/ended/<ended>/<id>, ended/<ended>/<id>         that it has ended, until it is forgotten.
//	                               Versions from before these leave them out, and leave those
//	                               of what they end or forget
func Claims(r Request) []Claim {
	list := listed(r)
	if r.State == Checking || r.State == Pending {
		list = append(list, Claim{AsksPrefix(r.By), r.ID, false})
	}
	unopened := r.State.Ended() && r.Opened.IsZero()
	if r.RetryOf != "" && r.State != "" && !unopened {
		list = append(list, retries(r)...)
	}
	for i, d := range r.Devices {
		if d.ID == "" || !r.openOn(i) {
			continue
		}
		list = append(list, Claim{OpenPrefix(r.Action, d.ID), r.ID, true})
		if group := r.Terms.Excludes; group != "" {
			list = append(list, Claim{OpenPrefix(group, d.ID), r.ID, true})
		}
	}
	if r.Unfreezes() && r.State != "" && !r.State.Ended() {
		list = append(list, Claim{OpenPrefix(Unfreeze, r.Frozen.ID), r.ID, true})
	}
	if !r.Opened.IsZero() {
		for _, d := range r.Devices {
			list = append(list, Claim{AskedPrefix(r.Action, d.ID) + EntryTime(r.Asked) + "/", r.ID, false})
		}
	}
	for _, c := range r.Calls {
		if c.Job.ID != "" {
			list = append(list, Claim{jobPrefix(c.Job.ID), r.ID, true})
		}
		if c.Job.Alert != "" {
			list = append(list, Claim{alertPrefix(c.Job.Alert), r.ID, false})
		}
	}
	return list
}

// listed are the entries of r that lists are made of.
func listed(r Request) []Claim {
	switch {
	case r.State == "":
		return nil
	case r.State.Ended() && !r.UnderReview():
		at := EntryTime(r.EndedAt) + "/"
		return []Claim{{endedPrefix(r.By.Key()) + at, r.ID, false}, {EndedPrefix() + at, r.ID, false}}
	}
	at := EntryTime(r.Asked) + "/"
	return []Claim{{openPrefix(r.By.Key()) + at, r.ID, false}, {InPrefix(r.Place.Channel) + at, r.ID, false}}
}

func openPrefix(person string) string { return "by/" + person + "/open/" }

func endedPrefix(person string) string { return "by/" + person + "/ended/" }

// ByPrefixes are those of a person's requests that are open, and that have ended: by each id
// of the person, since one can have come later.
func ByPrefixes(p Person) (open, ended []string) {
	for _, id := range p.ids() {
		open, ended = append(open, openPrefix(id)), append(ended, endedPrefix(id))
	}
	return open, ended
}

// InPrefix is that of the requests that are open in a channel.
func InPrefix(channel string) string { return InPrefixes() + channel + "/" }

// InPrefixes is with what the prefixes of all channels begin.
func InPrefixes() string { return "in/" }

// EndedPrefix is that of all requests that have ended.
func EndedPrefix() string { return "ended/" }

// retries are the entries of a retry.
func retries(r Request) []Claim {
	list := []Claim{{"retry/" + r.RetryOf + "/", r.ID, false}}
	for _, d := range r.Devices {
		if d.ID != "" {
			list = append(list, Claim{"again/" + r.RetryOf + "/" + d.ID + "/", r.ID, true})
		}
	}
	return list
}

// OpenPrefix is that of the request that is open on a device for an action, or
// for a group of them.
func OpenPrefix(action, device string) string { return "open/" + action + "/" + device + "/" }

// AskedPrefix is that of all requests by which an action was asked for a device.
func AskedPrefix(action, device string) string { return "asked/" + action + "/" + device + "/" }

// EntryTime is a time as it stands in an entry, so that those under one prefix are in its order:
// the digits of a millisecond, as many until the year 2286.
func EntryTime(t time.Time) string { return fmt.Sprintf("%013d", t.UnixMilli()) }

func alertPrefix(id string) string { return "alert/" + id + "/" }

func jobPrefix(id string) string { return "job/" + id + "/" }

// JobPrefixes are the prefixes under which somebody can hold a job: that of its
// id, that of its alert where the id was not known then, and where it is known by
// its alert alone now, that of a job with this alert.
func JobPrefixes(id, alert string) []string {
	prefixes := []string{jobPrefix(id)}
	switch alert {
	case "":
	case id:
		prefixes = append(prefixes, alertPrefix(id))
	default:
		prefixes = append(prefixes, jobPrefix(alert))
	}
	return prefixes
}

// openOn reports whether something can still happen on device i because of r.
func (r Request) openOn(i int) bool {
	if r.State == "" || r.State.Ended() {
		return false
	}
	return i >= len(r.Calls) || !r.Calls[i].State.Ended()
}

// AsksPrefix is that of all undecided requests of a person.
func AsksPrefix(p Person) string { return "asks/" + p.Key() + "/" }

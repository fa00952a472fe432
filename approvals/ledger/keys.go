package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// Tenant is whose limits are shared: Microsoft counts calls by application and
// tenant (https://learn.microsoft.com/defender-endpoint/api/common-errors), so
// all bots that use one registration count together. A nearer host of the same
// cloud is the same tenant.
type Tenant struct {
	Authority      string // where its tokens come from: the cloud, in one word, not an address
	Tenant, Client string
}

// Installation is whose requests are shared: one app in one workspace. Another app
// there has cards of its own, which only it can change and be clicked on.
type Installation struct {
	App, Team string
}

// keys names everything in Redis. One hash tag puts all of it into one slot of
// a Cluster, which lets one script change it; windows belong to the tenant,
// everything else to one app in one workspace.
type keys struct {
	tag  string // "{...}:"
	team string // "A...:T...:"
}

func newKeys(t Tenant, w Installation) keys {
	return keys{tag: tagOf(t.Authority, t), team: w.App + ":" + w.Team + ":"}
}

// oldKeys are those of the first version, which took the name of the nearest
// host for a cloud, and all apps of a workspace for one.
func oldKeys(cloud string, t Tenant, w Installation) keys {
	return keys{tag: tagOf(cloud, t), team: w.Team + ":"}
}

func tagOf(cloud string, t Tenant) string {
	// Ids are the same to Microsoft in any case.
	sum := sha256.Sum256([]byte(cloud + "\x00" + strings.ToLower(t.Tenant) + "\x00" + strings.ToLower(t.Client)))
	return "{" + hex.EncodeToString(sum[:6]) + "}:"
}

func (k keys) home(user string) string  { return k.tag + k.team + "home:" + user } // what it shows; gone: nobody has it open
func (k keys) request(id string) string { return k.tag + k.team + id }
func (k keys) op(id string) string      { return k.tag + k.team + "op:" + id }

// rights are the keys of rights.lua, and how many of them are sorted sets of commits.
func (k keys) rights(endpoints []defender.Endpoint) (names []string, sets int) {
	names = []string{k.tag + k.team + "rights:text", k.tag + k.team + "rights:set", k.tag + k.team + "rights:stream", k.audit(), k.seals()}
	own := len(names)
	names = append(names, k.agenda(), k.held(), k.index(), k.alarms())
	for _, e := range endpoints {
		names = append(names, k.queue(e.Name), k.window(e.Name))
	}
	sets = len(names) - own
	for _, e := range endpoints {
		names = append(names, k.hold(e.Name))
	}
	for _, e := range endpoints {
		names = append(names, k.ended(e.Name))
	}
	return append(names, k.doubt(), k.frozen()), sets
}

func (k keys) agenda() string         { return k.tag + k.team + "due" }
func (k keys) held() string           { return k.tag + k.team + "held" }
func (k keys) oneAgenda() string      { return k.tag + k.team + "agenda" } // of versions whose leases were due times
func (k keys) sockets() string        { return k.tag + k.team + "sockets" }
func (k keys) greeting() string       { return k.tag + k.team + "greeting" } // how many sockets the chat said that the app has
func (k keys) index() string          { return k.tag + k.team + "index" }
func (k keys) audit() string          { return k.tag + k.team + "audit" }
func (k keys) queue(e string) string  { return k.tag + k.team + "queue:" + e }
func (k keys) window(e string) string { return k.tag + "window:" + e }
func (k keys) hold(e string) string   { return k.tag + "hold:" + e }
func (k keys) ended(e string) string  { return k.tag + "ended:" + e }      // when Defender refused calls there last, because they are not offered any more
func (k keys) frozen() string         { return k.tag + k.team + "frozen" } // the freeze in force: its id, a space, and the freeze in JSON
func (k keys) alarms() string         { return k.tag + k.team + "alarms" } // what channels are still to be told
func (k keys) seals() string          { return k.tag + k.team + "seals" }
func (k keys) rules() string          { return k.tag + k.team + "rules" } // those of the last start
func (k keys) doubt() string          { return k.tag + k.team + "doubt" } // until when Redis may have forgotten that a call was sent
func (k keys) jump() string           { return k.tag + "jump" }           // the last jump of Redis's clock
func (k keys) nothing() string        { return k.request("D-") }          // no request has that id
func (k keys) reach(p approvals.Person) string { // the devices of a requester's approved requests, by when they were approved
	return k.tag + k.team + "reach:" + p.Key()
}

func (k keys) forced(p approvals.Person) string { // what a person did alone, by when
	return k.tag + k.team + "forced:" + p.Key()
}

func (k keys) reads(e string, p approvals.Person) string {
	return k.tag + "reads:" + e + ":" + p.Key()
}

// commit are the keys of commit.lua, always the same fifteen in this order.
func (k keys) commit(op string, r approvals.Request, endpoint string) []string {
	return []string{
		k.op(op), k.request(r.ID), k.agenda(), k.held(), k.index(), k.audit(),
		k.queue(endpoint), k.window(endpoint), k.hold(endpoint), k.doubt(), k.ended(endpoint),
		k.frozen(), k.reach(r.By), k.forced(r.By), k.alarms(),
	}
}

// slotOf is the window's member for one attempt.
func slotOf(id string, call, attempt int) string {
	return fmt.Sprintf("%s/%d", approvals.CallID(id, call), attempt)
}

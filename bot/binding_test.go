package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// change is one part of what a click or a form says about where it was made, and what
// stands there instead.
type change struct {
	path string // members of the payload, apart by a dot
	as   any
}

// bindings are, by surface, the parts that tie a decision to what was shown, each with
// something else that it could say. What is private_metadata is JSON in a text.
func bindings() map[string][]change {
	const elsewhere, otherID = "C0LOUNGE", "D-000000"
	message := []change{
		{"container.channel_id", elsewhere},
		{"container.message_ts", "1.000009"},
		{"channel.id", elsewhere},
		{"message.ts", "1.000009"},
		{"team.id", "T0OTHER"},
		{"container.channel_id", ""},
		{"container.message_ts", ""},
		{"channel.id", ""},
		{"team.id", ""},
		{"actions.0.value", "ID.0123456789abcdef"},
		{"actions.0.value", "ID."},
		{"actions.0.value", "ID"},
		{"actions.0.value", otherID + ".DIGEST"},
		{"actions.0.value", "OTHER"},
		{"actions.0.value", ""},
		{"user.id", "U0NOBODY"},
	}
	form := []change{
		{"view.private_metadata.id", otherID},
		{"view.private_metadata.id", ""},
		{"view.private_metadata.digest", "0123456789abcdef"},
		{"view.private_metadata.digest", ""},
		{"view.private_metadata.channel", elsewhere},
		{"view.private_metadata.channel", ""},
		{"view.private_metadata.ts", "1.000009"},
		{"view.private_metadata.ts", ""},
		{"team.id", "T0OTHER"},
		{"view.private_metadata.home", true},
		{"view.callback_id", "other"},
		{"user.id", "U0NOBODY"},
	}
	atHome := []change{
		{"container.type", "message"},
		{"container.view_id", "V0OTHER"},
		{"container.channel_id", channel},
		{"view.id", "V0OTHER"},
		{"view.id", ""},
		{"view.type", "modal"},
		{"view.app_id", "A0OTHER"},
		{"team.id", "T0OTHER"},
		{"user.id", "U0NOBODY"},
	}
	home := append([]change{
		{"actions.0.value", "ID.0123456789abcdef"},
		{"actions.0.value", "ID"},
		{"actions.0.value", otherID + ".DIGEST"},
		{"actions.0.value", "OTHER"},
	}, atHome...)
	command := []change{{"team_id", "T0OTHER"}, {"team_id", ""}, {"user_id", "U0NOBODY"}, {"user_id", ""}, {"command", "/other"}}
	placed := append([]change{{"channel_id", "C0NOWHERE"}, {"channel_id", ""}, {"channel_id", "D0DIRECT"}}, command...)
	private := []change{{"container.channel_id", elsewhere}, {"channel.id", elsewhere}, {"team.id", "T0OTHER"}, {"container.channel_id", ""}, {"channel.id", ""}}
	return map[string][]change{
		"button: approve": message, "button: deny": message, "button: stop": message, "button: retry": message, "button: undo": message,
		"button: successor": message, "button: package": message, "button: ask": message,
		"button: review": message, "form: deny": form, "form: review": form, "home: approve": home, "home: deny": home, "home: review": home,
		"home: freeze": atHome, "form: freeze": {{"team.id", "T0OTHER"}, {"team.id", ""}, {"user.id", "U0NOBODY"}, {"view.callback_id", "other"}},
		"command: force": placed, "command: unfreeze": placed, "command: freeze": command, "picker": private, "private: package": private,
	}
}

// inState is a state in which the approver, or for the picker the requester, may do it.
func inState(surface string) string {
	return map[string]string{
		"button: stop": "running", "button: retry": "failed", "button: undo": "isolated", "button: successor": "action ended", "button: package": "succeeded",
		"button: ask": "expired", "picker": "choosing", "private: package": "succeeded",
		"button: review": "alone", "form: review": "alone", "home: review": "alone", "command: unfreeze": "frozen",
	}[surface]
}

// before is a request in a state in which that can be done, asked for by somebody else.
func (f *front) before(surface string) approvals.Request {
	f.t.Helper()
	state, freeze := inState(surface), false
	if state == "" || state == "frozen" {
		state, freeze = "pending", state == "frozen"
	}
	r := f.requestIn(state, approvals.Person{ID: typist})
	if freeze {
		f.freezes()
	}
	return r
}

// TestBinding: what was shown is what is run. A click or a form counts as it came; with any
// one part of where it was made or what it was about changed, it does nothing, and is a
// refusal that is counted.
func TestBinding(t *testing.T) {
	c := caller{kind: "member", role: "approver", id: "W0X"}
	f := frontOn(t, approvals.Policy{Default: ruleFor(c), BreakGlass: true}, func(o *slackfake.Options) { o.EnterpriseID = homeOrg })
	f.settle(c, false)
	f.slack.AddChannel(slackfake.Channel{ID: "C0LOUNGE", Name: "lounge", Bot: true, Members: []string{typist, clicker, c.id}})
	other := f.requestIn("pending", approvals.Person{ID: typist})
	f.index = f.indexKey(other)
	for _, name := range sortedKeys(bindings()) {
		user := c.id
		if name == "picker" {
			user = typist
		}
		r := f.before(name)
		s := surfaces()[name]
		for _, change := range bindings()[name] {
			forged := surface{send: func(f *front, user string, r approvals.Request) slackfake.Envelope {
				return f.changed(s.send(f, user, r), change, r, other)
			}}
			if got := f.tries(forged, user, r); got.did || got.reason == "" && !formless(change) {
				t.Errorf("%s with %s = %q: done %v, refused with %q", name, change.path, change.as, got.did, got.reason)
			}
		}
		if got := f.tries(s, user, r); !got.did {
			t.Errorf("%s as it was shown: refused with %q", name, got.reason)
		}
	}
	if now, err := f.store.Load(t.Context(), other.ID); err != nil || now.Version != other.Version {
		t.Errorf("the other request has changed: %v", err)
	}
}

// formless reports whether there is nobody's request in it any more, so that nothing can be
// refused: it is told apart before.
func formless(c change) bool {
	return c.as == "" && (strings.HasSuffix(c.path, "value") || strings.HasSuffix(c.path, "metadata.id")) || strings.HasSuffix(c.path, "callback_id") || c.path == "command"
}

// changed is an envelope of which one part says something else.
func (f *front) changed(e slackfake.Envelope, c change, r, other approvals.Request) slackfake.Envelope {
	f.t.Helper()
	var payload object
	if err := json.Unmarshal(e.Payload, &payload); err != nil {
		f.t.Fatal(err)
	}
	as := c.as
	if text, is := as.(string); is {
		as = strings.NewReplacer("OTHER.", "OTHER.", "ID", r.ID, "DIGEST", r.Digest()).Replace(text)
		if text == "OTHER" {
			as = other.ID + "." + other.Digest() + "x"
		}
	}
	path := strings.Split(c.path, ".")
	within, meta := any(payload), object(nil)
	for _, member := range path[:len(path)-1] {
		switch at := within.(type) {
		case object:
			if member == "private_metadata" {
				if err := json.Unmarshal([]byte(at[member].(string)), &meta); err != nil {
					f.t.Fatal(err)
				}
				within = meta
				continue
			}
			within = at[member]
		case []any:
			within = at[0]
		}
	}
	within.(object)[path[len(path)-1]] = as
	if meta != nil {
		payload["view"].(object)["private_metadata"] = jsonText(f.t, meta)
	}
	e.Payload = []byte(jsonText(f.t, payload))
	return e
}

// TestEnvelopeReusedAnywhere: the id of an envelope that has done something does nothing
// else, in whichever way it comes again: it is refused, and what it did is not told.
func TestEnvelopeReusedAnywhere(t *testing.T) {
	c := caller{kind: "member", role: "approver", id: "W0X"}
	f := frontOn(t, approvals.Policy{Default: ruleFor(c), BreakGlass: true}, func(o *slackfake.Options) { o.EnterpriseID = homeOrg })
	f.settle(c, false)
	f.index = f.indexKey(f.requestIn("pending", approvals.Person{ID: typist}))
	changing := []string{ // what is done by an envelope's id
		"command: ask", "command: cancel", "command: force", "command: freeze", "command: unfreeze", "form: ask", "form: deny", "form: review", "form: freeze",
		"button: approve", "button: cancel", "button: retry", "button: stop", "button: undo", "button: successor", "home: approve", "home: cancel", "private: anyway",
	}
	as := func(id string, s surface) surface {
		return surface{send: func(f *front, user string, r approvals.Request) slackfake.Envelope {
			e := s.send(f, user, r)
			e.ID = id
			return e
		}}
	}
	for n, first := range changing {
		id := fmt.Sprint("reused ", n)
		if got := f.tries(as(id, surfaces()[first]), c.id, f.before(first)); !got.did {
			t.Fatalf("%s: refused with %q", first, got.reason)
		}
		for _, second := range changing {
			r := f.before(second)
			if got := f.tries(as(id, surfaces()[second]), c.id, r); got.did || got.reason != approvals.OpReused {
				t.Errorf("%s with the id of %s: done %v, refused with %q", second, first, got.did, got.reason)
			}
		}
	}
}

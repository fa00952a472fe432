package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/approvals/office"
	"defenderbot/internal/slackfake"
)

// caller is who presses and types: one id, and what Slack says about it.
type caller struct {
	kind, role string
	id         string
	person     approvals.Person // as a request has them that they asked for
}

const (
	theirGroup = "S0ONCALL"
	homeOrg    = "E0ORG"
	leader     = "U0RADIA" // is called in late
)

// kindsOfPeople are what Slack can say about somebody, by name. W0X is the id in the
// organisation of who is there under two.
func kindsOfPeople(id string) map[string][]slackfake.User {
	return map[string][]slackfake.User{
		"member":              {{ID: id}},
		"owner":               {{ID: id, Owner: true}},
		"two ids":             {{ID: "U0TWIN", EnterpriseID: homeOrg, EnterpriseUserID: id}, {ID: id}},
		"multi guest":         {{ID: id, Guest: slackfake.MultiGuest}},
		"single guest":        {{ID: id, Guest: slackfake.SingleGuest}},
		"external":            {{ID: id, TeamID: "T0PARTNER"}},
		"stranger":            {{ID: id, TeamID: "T0PARTNER", Stranger: true}},
		"not visible":         {{ID: id, Hidden: "user_not_visible"}},
		"bot":                 {{ID: id, Bot: true}},
		"deactivated":         {{ID: id, Deleted: true}},
		"other workspace":     {{ID: id, TeamID: "T0SISTER", EnterpriseID: homeOrg, EnterpriseUserID: id}},
		"unknown":             nil,
		"cannot be looked up": {{ID: id, Hidden: "internal_error"}},
	}
}

// rolesOfPeople are what somebody is to the requests of the matrix, and to its lists.
func rolesOfPeople() []string {
	return []string{"asker", "asking approver", "approver", "approver by group", "called in", "former asker", "bystander"}
}

// ruleFor has the caller on the lists that their role says.
func ruleFor(c caller) approvals.Rule {
	r := approvals.Rule{
		Requesters: approvals.List{Users: []string{typist, clicker}}, Needed: 1,
		Approvers:  approvals.List{Users: []string{clicker, joan}, Groups: []string{theirGroup}},
		EscalateTo: approvals.List{Users: []string{leader}},
	}
	if c.role != "bystander" {
		r.Requesters.Users = append(r.Requesters.Users, c.id)
	}
	if slices.Contains([]string{"asking approver", "approver", "former asker"}, c.role) {
		r.Approvers.Users = append(r.Approvers.Users, c.id)
	}
	if c.role == "called in" {
		r.EscalateTo.Users = append(r.EscalateTo.Users, c.id)
	}
	return r
}

// settle puts the caller and everybody else into the Slack of f.
func (f *front) settle(c caller, shared bool) {
	for _, u := range kindsOfPeople(c.id)[c.kind] {
		u.Name = "mallory"
		f.slack.AddUser(u)
	}
	for _, id := range []string{typist, clicker, joan, leader} {
		f.slack.AddUser(slackfake.User{ID: id, Name: "somebody"})
	}
	group := slackfake.Group{ID: theirGroup, Handle: "oncall", Members: []string{joan}}
	if c.role == "approver by group" {
		group.Members = append(group.Members, c.id)
	}
	f.slack.AddGroup(group)
	f.slack.AddChannel(slackfake.Channel{ID: channel, Name: "incident", Bot: true, OrgShared: shared, Members: []string{typist, clicker, c.id}})
}

// stateNames are the states of the matrix, in which something different can be done.
func stateNames() []string {
	return []string{
		"checking", "choosing", "pending", "first approval", "called in", "queued", "running", "failed", "succeeded", "isolated", "action ended",
		"denied", "cancelled", "expired", "rejected", "lifting", "alone", "reviewed",
	}
}

// requestIn makes a request of that person in one of the states.
func (f *front) requestIn(state string, by approvals.Person, barred ...approvals.Person) approvals.Request {
	f.t.Helper()
	f.devices++
	device := approvals.Device{ID: fmt.Sprintf("%040x", f.devices), Verified: true, Name: "srv-db-01"}
	r := approvals.Request{
		Action: "collect", Devices: []approvals.Device{device}, Comment: "odd", By: by, Barred: barred,
		Place: approvals.Place{Team: f.slack.TeamID(), Channel: channel},
		Terms: approvals.Terms{ApprovalTTL: mostTTL, ExecutionTTL: mostTTL, Retention: mostTTL, Needed: 1, Horizon: mostTTL},
	}
	switch state {
	case "choosing":
		r.Devices = []approvals.Device{{Name: "srv-db-01"}}
	case "first approval":
		r.Terms.Needed = 2
	case "called in":
		r.Terms.EscalateAfter = time.Millisecond
	case "expired":
		r.Terms.ApprovalTTL = time.Millisecond
	case "isolated":
		r.Action = "isolate"
	case "action ended":
		r.Action = "investigate"
	case "alone", "reviewed":
		r.Forced = true
	}
	f.thaws()
	f.forgetsActs()
	if state == "lifting" {
		r.Action, r.Devices, r.Frozen = approvals.Unfreeze, nil, f.freezes()
	}
	r, err := f.store.Create(f.t.Context(), ledger.NewOp(), r, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, event := range f.waysTo(state, device) {
		if e := event(r); e != nil {
			r = f.happens(r, e)
		}
	}
	return r
}

// freezes freezes everything, by order of somebody else.
func (f *front) freezes() approvals.Freeze {
	f.t.Helper()
	frozen, err := f.store.Freeze(f.t.Context(), ledger.NewOp(), approvals.Freeze{By: approvals.Person{ID: clicker}, Text: "odd", Place: approvals.Place{Team: f.slack.TeamID(), Channel: channel}})
	if err != nil {
		f.t.Fatal(err)
	}
	return frozen
}

// thaws ends a freeze, however it came.
func (f *front) thaws() {
	f.t.Helper()
	if f.index != "" {
		f.redis.Del(f.t.Context(), strings.TrimSuffix(f.index, "index")+"frozen")
	}
	if _, _, err := f.store.Lease(f.t.Context(), 0); err != nil || f.store.Frozen().Is() { // by which a process hears of it
		f.t.Fatalf("%s is still in force: %v", f.store.Frozen().ID, err)
	}
}

// forgetsActs has everybody act alone as if for the first time.
func (f *front) forgetsActs() {
	f.t.Helper()
	acts, err := f.redis.Keys(f.t.Context(), "*:forced:*").Result()
	if err == nil && len(acts) > 0 {
		err = f.redis.Del(f.t.Context(), acts...).Err()
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// frozen is the id of the freeze in force.
func (f *front) frozen() string {
	f.t.Helper()
	frozen, err := f.store.ReadFreeze(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return frozen.ID
}

// happens applies an event. What is not due yet is due within a millisecond or two.
func (f *front) happens(r approvals.Request, e approvals.Event) approvals.Request {
	f.t.Helper()
	until := time.Now().Add(5 * time.Second)
	for {
		after, err := f.store.Apply(f.t.Context(), ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) { return e, nil })
		if err == nil {
			return after
		}
		if time.Now().After(until) {
			f.t.Fatalf("%s: %v", approvals.EventName(e), err)
		}
	}
}

type course = func(r approvals.Request) approvals.Event

// waysTo is what happens to a request until it is in one of the states.
func (f *front) waysTo(state string, device approvals.Device) []course {
	other := approvals.Person{ID: "U0HEIDI", Name: "heidi"}
	event := func(e approvals.Event) course { return func(approvals.Request) approvals.Event { return e } }
	call := func(e approvals.CallEvent) course { return event(approvals.On{Call: 0, Event: e}) }
	job := approvals.Job{ID: fmt.Sprintf("%08x-0000-4000-8000-000000000000", f.devices), Status: "Pending"}
	yes := func(r approvals.Request) approvals.Event { return approvals.Approve{By: other, Digest: r.Digest()} }
	send := func(approvals.Request) approvals.Event {
		return approvals.On{Call: 0, Event: approvals.Send{NotAfter: f.store.Now().Add(approvals.SendLimit)}}
	}
	open := []course{
		event(approvals.Resolve{Devices: []approvals.Device{device}}),
		func(r approvals.Request) approvals.Event { return approvals.Show{TS: cardTS, Visible: r.Visible} },
	}
	sent := append(slices.Clone(open), yes, send)
	ran := append(slices.Clone(sent), call(approvals.Accept{Attempt: 1, Job: job}))
	ended := approvals.Job{ID: job.ID, Status: "Succeeded"}
	alone := func(r approvals.Request) approvals.Event {
		return approvals.Force{By: r.By, Devices: []approvals.Device{device}}
	}
	review := func(r approvals.Request) approvals.Event {
		return approvals.CloseReview{By: other, Digest: r.Digest(), Text: "it was right"}
	}
	return map[string][]course{
		"checking":       nil,
		"alone":          {alone, open[1]},
		"reviewed":       {alone, open[1], send, call(approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.Refused}}), review},
		"lifting":        {event(approvals.Resolve{}), open[1]},
		"choosing":       {event(approvals.Offer{Device: 0, Offered: []approvals.Device{device, {ID: twinDevice(f.devices), Name: "srv-db-01", Verified: true}}})},
		"pending":        open,
		"first approval": append(slices.Clone(open), yes),
		"called in":      append(slices.Clone(open), event(approvals.Escalate{})),
		"queued":         append(slices.Clone(open), yes),
		"running":        ran,
		"failed":         append(slices.Clone(sent), call(approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.Refused}})),
		"succeeded":      append(slices.Clone(ran), call(approvals.Report{Job: ended, As: approvals.Succeeded})),
		"isolated":       append(slices.Clone(ran), call(approvals.Report{Job: ended, As: approvals.Succeeded})),
		"action ended":   append(slices.Clone(sent), call(approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.Ended}})),
		"denied": append(slices.Clone(open), func(r approvals.Request) approvals.Event {
			return approvals.Deny{By: other, Digest: r.Digest(), Text: "no"}
		}),
		"cancelled": append(slices.Clone(open), func(r approvals.Request) approvals.Event { return approvals.Cancel{By: r.By} }),
		"expired":   append(slices.Clone(open), event(approvals.Expire{})),
		"rejected":  append(slices.Clone(open), event(approvals.Reject{Why: approvals.Why{Reason: approvals.NotInChannel}})),
	}[state]
}

// twinDevice is the id of a device that is called like the n-th.
func twinDevice(n int) string { return fmt.Sprintf("f%039x", n) }

// surface is one way in which a wish comes in.
type surface struct {
	alone bool // it is about no request
	reads bool // it changes nothing, and shows something
	send  func(f *front, user string, r approvals.Request) slackfake.Envelope
}

// surfaces are all ways, by name.
func surfaces() map[string]surface {
	all := map[string]surface{
		"command: ask":      {alone: true, send: typed(func(f *front, _ approvals.Request) string { return "collect " + f.newDevice() + " odd" })},
		"command: form":     {alone: true, send: typed(func(*front, approvals.Request) string { return "" })},
		"command: force":    {alone: true, send: typed(func(f *front, _ approvals.Request) string { return "collect! " + f.newDevice() + " odd" })},
		"command: list":     {alone: true, reads: true, send: typed(func(*front, approvals.Request) string { return "list" })},
		"command: report":   {alone: true, reads: true, send: typed(func(*front, approvals.Request) string { return "report" })},
		"command: status":   {reads: true, send: typed(func(_ *front, r approvals.Request) string { return "status " + r.ID })},
		"command: cancel":   {send: typed(func(_ *front, r approvals.Request) string { return "cancel " + r.ID })},
		"command: freeze":   {alone: true, send: typed(func(f *front, _ approvals.Request) string { return "freeze odd " + f.newDevice() })},
		"command: unfreeze": {alone: true, send: typed(func(f *front, _ approvals.Request) string { return "unfreeze odd " + f.newDevice() })},
		"form: freeze":      {alone: true, send: freezeSubmitted},
		"form: ask":         {alone: true, send: askSubmitted},
		"form: deny":        {send: wordSubmitted(denyForm)},
		"form: review":      {send: wordSubmitted(reviewForm)},
		"shortcut":          {alone: true, send: shortcutUsed},
		"picker": {send: func(f *front, user string, r approvals.Request) slackfake.Envelope {
			return f.private(user, actionPick, pickValue(r))
		}},
		"private: package": {send: func(f *front, user string, r approvals.Request) slackfake.Envelope {
			return f.private(user, actionPackage, r.ID+"."+r.Digest()+".0")
		}},
		"private: anyway": {alone: true, send: func(f *front, user string, _ approvals.Request) slackfake.Envelope {
			return f.private(user, actionAnyway, "collect "+f.newDevice()+" odd")
		}},
		"private: successor": {alone: true, send: func(f *front, user string, _ approvals.Request) slackfake.Envelope {
			return f.private(user, actionSuccessor, "collect "+f.newDevice()+" odd")
		}},
		"private: ask": {alone: true, send: func(f *front, user string, _ approvals.Request) slackfake.Envelope {
			return f.private(user, actionAsk, `{"Action":"collect"}`)
		}},
	}
	for name := range buttons() {
		all["button: "+name] = surface{send: func(f *front, user string, r approvals.Request) slackfake.Envelope {
			return cardPressed(f, user, name, r)
		}}
		all["home: "+name] = surface{send: func(f *front, user string, r approvals.Request) slackfake.Envelope {
			return f.pressedAtHome(user, name, r)
		}}
	}
	return all
}

func (f *front) newDevice() string {
	f.devices++
	return fmt.Sprintf("%040x", f.devices)
}

func pickValue(r approvals.Request) string {
	if len(r.Choice.Offered) == 0 {
		return r.ID + ".0." + twinDevice(0)
	}
	return r.ID + ".0." + r.Choice.Offered[0].ID
}

func typed(text func(*front, approvals.Request) string) func(*front, string, approvals.Request) slackfake.Envelope {
	return func(f *front, user string, r approvals.Request) slackfake.Envelope {
		payload, err := json.Marshal(object{
			"team_id": f.slack.TeamID(), "channel_id": channel, "user_id": user, "command": "/defender", "text": text(f, r), "trigger_id": "1.2.x",
		})
		if err != nil {
			f.t.Fatal(err)
		}
		return slackfake.Envelope{Kind: "slash_commands", Accepts: true, Payload: payload}
	}
}

func cardPressed(f *front, user, name string, r approvals.Request) slackfake.Envelope {
	button := object{"type": "button", "action_id": name, "value": r.ID + "." + r.Digest()}
	ts, author := r.Card.TS, f.workspace.botUser
	if ts == "" { // there is no card yet: whatever was pressed, the bot did not write it
		ts, author = cardTS, user
	}
	return interactive(f.t, object{
		"type": "block_actions", "user": object{"id": user}, "team": object{"id": f.slack.TeamID()}, "trigger_id": "1.2.x",
		"container": object{"type": "message", "channel_id": channel, "message_ts": ts}, "channel": object{"id": channel},
		"message": object{"type": "message", "user": author, "bot_id": f.workspace.botID, "ts": ts, "blocks": []any{object{"type": "actions", "elements": []any{button}}}},
		"actions": []any{button},
	})
}

func (f *front) private(user, action, value string) slackfake.Envelope {
	pressed := object{"type": "button", "action_id": action, "value": value}
	if action == actionPick {
		pressed = object{"type": "static_select", "action_id": action, "selected_option": object{"value": value}}
	}
	return interactive(f.t, object{
		"type": "block_actions", "user": object{"id": user}, "team": object{"id": f.slack.TeamID()}, "trigger_id": "1.2.x",
		"container": object{"type": "message", "channel_id": channel, "message_ts": "9.9", "is_ephemeral": true}, "channel": object{"id": channel},
		"actions": []any{pressed},
	})
}

func (f *front) pressedAtHome(user, action string, r approvals.Request) slackfake.Envelope {
	return interactive(f.t, object{
		"type": "block_actions", "user": object{"id": user}, "team": object{"id": f.slack.TeamID()}, "trigger_id": "1.2.x",
		"container": object{"type": "view", "view_id": "V0HOME"},
		"view":      object{"id": "V0HOME", "type": "home", "app_id": f.workspace.app},
		"actions":   []any{object{"type": "button", "action_id": action, "value": r.ID + "." + r.Digest()}},
	})
}

func submission(f *front, user, form string, meta any, values object) slackfake.Envelope {
	return interactive(f.t, object{
		"type": "view_submission", "user": object{"id": user}, "team": object{"id": f.slack.TeamID()},
		"view": object{"callback_id": form, "private_metadata": jsonText(f.t, meta), "state": object{"values": values}},
	})
}

// wordSubmitted sends a form that asks for a word on a request.
func wordSubmitted(form string) func(*front, string, approvals.Request) slackfake.Envelope {
	return func(f *front, user string, r approvals.Request) slackfake.Envelope {
		return submission(f, user, form, denial{ID: r.ID, Digest: r.Digest(), Channel: channel, TS: r.Card.TS}, object{
			reasonBlock: object{reasonInput: object{"type": "plain_text_input", "value": "no"}},
		})
	}
}

func freezeSubmitted(f *front, user string, _ approvals.Request) slackfake.Envelope {
	return submission(f, user, freezeForm, "", object{reasonBlock: object{reasonInput: object{"type": "plain_text_input", "value": "odd " + f.newDevice()}}})
}

func askSubmitted(f *front, user string, _ approvals.Request) slackfake.Envelope {
	return submission(f, user, askForm, asking{Channel: channel}, object{
		actionBlock:  object{askInput: object{"type": "static_select", "selected_option": object{"value": "collect"}}},
		deviceBlock:  object{askInput: object{"type": "plain_text_input", "value": f.newDevice()}},
		commentBlock: object{askInput: object{"type": "plain_text_input", "value": "odd"}},
	})
}

func shortcutUsed(f *front, user string, _ approvals.Request) slackfake.Envelope {
	return interactive(f.t, object{
		"type": "message_action", "callback_id": investigateMessage, "user": object{"id": user}, "team": object{"id": f.slack.TeamID()},
		"channel": object{"id": channel}, "trigger_id": "1.2.x", "message_ts": "7.7", "message": object{"ts": "7.7", "text": "look at srv-db-01"},
	})
}

// outcome is what came of an envelope: it did something, or why not.
type outcome struct {
	did    bool
	reason approvals.Reason
}

// tries lets somebody do something and looks at what came of it.
func (f *front) tries(s surface, user string, r approvals.Request) outcome {
	f.t.Helper()
	before := f.traces(r)
	f.deliver(s.send(f, user, r))
	return outcome{f.traces(r) != before, f.reason}
}

// traces is all that a wish that was granted leaves.
func (f *front) traces(r approvals.Request) string {
	f.t.Helper()
	ctx := f.t.Context()
	text := ""
	if r.ID != "" {
		var err error
		if text, err = f.redis.Get(ctx, f.store.Key(r.ID)).Result(); err != nil {
			f.t.Fatal(err)
		}
	}
	made, err := f.redis.ZCard(ctx, f.index).Result()
	if err != nil {
		f.t.Fatal(err)
	}
	return fmt.Sprint(text, made, f.forms.Load(), f.fetched.Load(), f.frozen())
}

// home is what somebody's home shows.
func (f *front) home(user string) office.Home {
	h, err := f.desk.HomeOf(f.t.Context(), office.By{User: user, Place: approvals.Place{Team: f.slack.TeamID()}})
	if err != nil && !approvals.IsRefusal(err, approvals.NotKnown) {
		f.t.Error(err)
	}
	return h
}

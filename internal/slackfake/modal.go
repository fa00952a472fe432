package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Submit fills a modal in and sends it: values by block_id, or by action_id where no other input has it, text for inputs
// and an option's value for menus; an empty value clears. What is not among the values is as it was: what was put in before, else the initial value. When a
// required input is missing or too long, Slack's client says so (Outcome.Errors) and the app hears nothing.
func (s *Server) Submit(ctx context.Context, user, viewID string, values map[string]string) (Outcome, error) {
	payload, problems, err := s.submitPayload(user, viewID, values)
	if err != nil || len(problems) > 0 {
		return Outcome{Errors: problems}, err
	}
	r, err := s.SendEnvelope(ctx, Envelope{Kind: "interactive", Accepts: true, Payload: payload})
	out := outcomeOf(r)
	if err != nil {
		return out, err
	}
	if !r.Acked {
		out.Shown = ShownModalTrouble
		return out, nil
	}
	s.change(func() { s.answerView(&out, viewID, r.Payload) })
	return out, nil
}

func (s *Server) submitPayload(user, viewID string, values map[string]string) (json.RawMessage, map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, u := s.view(viewID), s.people[user]
	if v == nil || v.home || v.User != user || u == nil {
		return nil, nil, ErrNoSuchElement
	}
	state, problems, err := fillIn(v, values)
	if err != nil {
		return nil, nil, err
	}
	v.Errors = problems // those of the submission before are gone
	s.wake()
	if len(problems) > 0 {
		return nil, problems, nil
	}
	out := s.interaction("view_submission", u)
	out["view"], out["response_urls"] = s.wireView(v, state), []string{}
	return encode(out), nil, nil
}

// fillIn makes state.values and finds what Slack's client would not let pass.
func fillIn(v *View, values map[string]string) (state object, problems map[string]string, err error) {
	state, problems = object{}, map[string]string{}
	used := 0
	for _, b := range decodeList(encode(decodeObject(v.Body)["blocks"])) {
		e, ok := b["element"].(object)
		if !ok {
			continue
		}
		block, _ := b["block_id"].(string)
		action, _ := e["action_id"].(string)
		value, given := values[block]
		if !given {
			value, given = values[action]
		}
		if given {
			used++
			v.put(block, action, value)
		}
		value = v.value(block, action, e)
		if p := inputProblem(b, e, value); p != "" {
			problems[block] = p
		}
		held := inputState(e, value)
		if value != "" && held["value"] == nil && held["selected_option"] == nil {
			return nil, nil, fmt.Errorf("%w: the menu %s has no option %q", ErrNoSuchElement, action, value)
		}
		state[block] = object{action: held}
	}
	if used != len(values) {
		return nil, nil, fmt.Errorf("%w: the view has no input for some of %d values", ErrNoSuchElement, len(values))
	}
	return state, problems, nil
}

// put keeps what a person puts into an input: it stays through errors, and through a new body that has the same input.
// https://docs.slack.dev/reference/views/modal-views#preserving-input
func (v *View) put(block, action, value string) {
	if v.typed == nil {
		v.typed = map[string]string{}
	}
	v.typed[block+" "+action] = value
}

// value is what an input holds: what was put in, else its initial value or option.
func (v *View) value(block, action string, e object) string {
	if typed, ok := v.typed[block+" "+action]; ok {
		return typed
	}
	if o, ok := e["initial_option"].(object); ok {
		return str(o["value"])
	}
	return str(e["initial_value"])
}

func inputProblem(b, e object, value string) string {
	if value == "" {
		if b["optional"] == true {
			return ""
		}
		return "Please complete this required field."
	}
	if limit, ok := number(e["max_length"]); ok && utf8.RuneCountInString(value) > limit {
		return fmt.Sprintf("Please use %d characters at most.", limit)
	}
	if limit, ok := number(e["min_length"]); ok && utf8.RuneCountInString(value) < limit {
		return fmt.Sprintf("Please use %d characters at least.", limit)
	}
	return ""
}

func number(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil
}

func inputState(e object, value string) object {
	out := object{"type": e["type"]}
	if e["options"] == nil && e["option_groups"] == nil {
		out["value"] = nil
		if value != "" {
			out["value"] = value
		}
		return out
	}
	out["selected_option"] = nil
	for _, o := range optionsOf(e) {
		if o["value"] == value {
			out["selected_option"] = o
		}
	}
	return out
}

// answerView does what the acknowledgement of a submission asks for:
// https://docs.slack.dev/surfaces/modals#updating_response. The lock is held.
func (s *Server) answerView(out *Outcome, viewID string, payload json.RawMessage) {
	v := s.view(viewID)
	if v == nil {
		out.Closed = true // closed meanwhile
		return
	}
	var in struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if hasPayload(payload) && json.Unmarshal(payload, &in) != nil {
		out.Shown = ShownModalTrouble
		return
	}
	switch in.Action {
	case "":
		v.Open, out.Closed = false, true
	case "clear":
		s.closeViews(v.User)
		out.Closed = true
	case "errors":
		s.showErrors(out, v, in.Errors)
	case "update", "push":
		s.nextView(out, v, in.Action, in.View)
	default:
		out.Shown = ShownModalTrouble
	}
}

// showErrors puts errors beside inputs. An error for a block that is not an input of the view is trouble.
func (s *Server) showErrors(out *Outcome, v *View, errs map[string]string) {
	inputs := map[any]bool{}
	for _, b := range decodeList(encode(decodeObject(v.Body)["blocks"])) {
		if b["type"] == "input" {
			inputs[b["block_id"]] = true
		}
	}
	for block := range errs {
		if !inputs[block] {
			out.Shown = ShownModalTrouble
			return
		}
	}
	if len(errs) == 0 {
		out.Shown = ShownModalTrouble
		return
	}
	v.Errors, out.Errors = errs, errs
}

const maxStack = 3 // views on top of each other

func (s *Server) nextView(out *Outcome, v *View, action string, raw json.RawMessage) {
	if v.check()(raw) != nil {
		out.Shown = ShownModalTrouble
		return
	}
	if action == "update" {
		s.fill(v, decodeObject(raw))
		return
	}
	depth := 0
	for _, o := range s.views {
		if o.Open && o.Root == v.Root {
			depth++
		}
	}
	if depth >= maxStack {
		out.Shown = ShownModalTrouble
		return
	}
	s.openView(v.User, decodeObject(raw), v)
}

// CloseView lets a person close a modal. The app hears of it when the view asked for that (notify_on_close).
func (s *Server) CloseView(ctx context.Context, user, viewID string) (Outcome, error) {
	payload, err := s.closePayload(user, viewID)
	if err != nil || payload == nil {
		return Outcome{Closed: err == nil}, err
	}
	r, err := s.SendEnvelope(ctx, Envelope{Kind: "interactive", Payload: payload})
	out := outcomeOf(r)
	out.Closed = true
	return out, err
}

func (s *Server) closePayload(user, viewID string) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, u := s.view(viewID), s.people[user]
	if v == nil || v.home || v.User != user || u == nil {
		return nil, ErrNoSuchElement
	}
	v.Open = false
	s.wake()
	body := s.wireView(v, nil)
	if body["notify_on_close"] != true {
		return nil, nil
	}
	out := s.interaction("view_closed", u)
	delete(out, "trigger_id")
	out["view"], out["is_cleared"] = body, false
	return encode(out), nil
}

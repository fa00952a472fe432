package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// act is one thing that a person can do on the page.
type act func(r *http.Request, v viewer) error

func (s *site) acts() map[string]act {
	return map[string]act{
		"say": s.say, "click": s.click, "shortcut": s.shortcut, "home": s.openTab,
		"submit": s.submit, "close": s.closeModal, "trouble": s.makeTrouble,
	}
}

// serveAct does it. Time is real while somebody waits for the answer.
func (s *site) serveAct(w http.ResponseWriter, r *http.Request, do act) {
	s.pace.acting.Add(1)
	defer s.pace.acting.Add(-1)
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	err := r.ParseForm()
	v := s.viewer(r.PostFormValue("as"), r.PostFormValue("in"))
	if err == nil && (v.User.Name != r.PostFormValue("as") || v.room() != r.PostFormValue("in")) {
		http.Error(w, "there is no such person in such a channel", http.StatusBadRequest)
		return
	}
	if err == nil {
		err = do(r, v)
	}
	if err != nil {
		http.Error(w, plain(err), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// plain is an error for people.
func plain(err error) string {
	switch {
	case errors.Is(err, slackfake.ErrNoSuchElement):
		return "That is not there any more."
	case errors.Is(err, slackfake.ErrNotInChannel):
		return "You are not in that channel."
	}
	return err.Error()
}

// say sends what was typed into the composer.
func (s *site) say(r *http.Request, v viewer) error {
	text := strings.TrimSpace(r.PostFormValue("text"))
	word, _, _ := strings.Cut(text, " ")
	switch {
	case text == "":
		return nil
	case word == "/defender":
		out, err := s.place.Slack.Command(r.Context(), v.User.ID, v.Channel.ID, text)
		s.note(v.User.ID, v.Channel.ID, out.Shown)
		return err
	case word == "/invite":
		s.note(v.User.ID, v.Channel.ID, "The app is in this channel now.")
		return s.place.Slack.ChangeChannel(v.Channel.ID, func(c *slackfake.Channel) { c.Bot = true })
	case strings.HasPrefix(word, "/"):
		s.note(v.User.ID, v.Channel.ID, word+" is not a valid command.")
		return nil
	}
	_, err := s.place.Slack.Say(v.User.ID, v.Channel.ID, text)
	return err
}

// click presses a button of a message, a form or the Home tab, or picks from the menu
// of a message.
func (s *site) click(r *http.Request, v viewer) error {
	out, err := s.pressed(r, v)
	if out.Shown == slackfake.ShownButtonWarning {
		out.Shown = "⚠️ beside the button: the app did not answer in time. Nothing may have happened; try again."
	}
	if v.Tab && out.Shown != "" { // there are no messages among which it could stand
		return errors.New(out.Shown)
	}
	s.note(v.User.ID, v.Channel.ID, out.Shown)
	return err
}

func (s *site) pressed(r *http.Request, v viewer) (slackfake.Outcome, error) {
	slack, user := s.place.Slack, v.User.ID
	ts, view, action, value := r.PostFormValue("ts"), r.PostFormValue("view"), r.PostFormValue("action"), r.PostFormValue("value")
	choice := r.PostFormValue("choice")
	switch {
	case choice != "":
		return slack.Choose(r.Context(), user, v.Channel.ID, ts, action, choice)
	case view != "" && value != "":
		return slack.ClickViewValue(r.Context(), user, view, action, value)
	case view != "":
		return slack.ClickView(r.Context(), user, view, action)
	case value != "":
		return slack.ClickValue(r.Context(), user, v.Channel.ID, ts, action, value)
	}
	return slack.Click(r.Context(), user, v.Channel.ID, ts, action)
}

// shortcut uses a shortcut of the app on a message.
func (s *site) shortcut(r *http.Request, v viewer) error {
	out, err := s.place.Slack.Shortcut(r.Context(), v.User.ID, v.Channel.ID, r.PostFormValue("ts"), r.PostFormValue("shortcut"))
	s.note(v.User.ID, v.Channel.ID, out.Shown)
	return err
}

// openTab opens the Home tab of the app, which hears of it.
func (s *site) openTab(r *http.Request, v viewer) error {
	_, err := s.place.Slack.OpenHome(r.Context(), v.User.ID)
	return err
}

// inputPrefix comes before the action_id of an input in the page's forms.
const inputPrefix = "in-"

// submit sends a form. What the bot or Slack's client finds wrong with a field
// comes back as a change of the form; that it could not be sent, as an error.
func (s *site) submit(r *http.Request, v viewer) error {
	out, err := s.place.Slack.Submit(r.Context(), v.User.ID, r.PostFormValue("view"), filled(r.PostForm))
	if err == nil && out.Shown != "" {
		return errors.New(out.Shown)
	}
	return err
}

func filled(form url.Values) map[string]string {
	values := map[string]string{}
	for name := range form {
		if action, ok := strings.CutPrefix(name, inputPrefix); ok {
			values[action] = form.Get(name)
		}
	}
	return values
}

func (s *site) closeModal(r *http.Request, v viewer) error {
	_, err := s.place.Slack.CloseView(r.Context(), v.User.ID, r.PostFormValue("view"))
	return err
}

// makeTrouble lets something go wrong, or puts it right.
func (s *site) makeTrouble(r *http.Request, _ viewer) error {
	defer s.bell.ring()
	switch what := r.PostFormValue("what"); what {
	case "down", "up":
		return s.trouble.setDown(what == "down")
	case "throttle":
		s.trouble.throttle()
	case "cut":
		s.trouble.cutNext()
	case "end", "unend":
		s.trouble.setEnded(what == "end")
	case "refresh":
		s.trouble.refresh()
	case "kill", "start":
		return s.switchBot(what == "start")
	case "fast", "real":
		if s.pace.fixed != "" {
			return sandbox.ErrOwnTime
		}
		s.pace.fast.Store(what == "fast")
	default:
		return fmt.Errorf("nothing is called %q", what)
	}
	return nil
}

// switchBot starts or kills the bot.
func (s *site) switchBot(on bool) error {
	switch {
	case s.bot == nil:
		return errors.New("the bot is your own: start and kill it yourself")
	case on:
		return s.bot.Start()
	}
	return s.bot.Kill()
}

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// frozen is a freeze: what is approved meanwhile waits, and two people lift it.
func (s *story) frozen() error {
	card, err := s.ask(sandbox.Ada, "scan lt-ada.contoso.example as the list says")
	if err != nil {
		return err
	}
	if err := s.says(sandbox.Grace, "freeze the list is wrong", "nothing new is started in Defender"); err != nil {
		return err
	}
	if err := s.alarm("everybody who decides hears of it", "the list is wrong"); err != nil {
		return err
	}
	if _, err := s.see("the card says so", "frozen by", "as the list says"); err != nil {
		return err
	}
	before := len(s.place.Defender.Snapshot().Actions)
	if err := s.press(sandbox.Joan, card, "approve", "approved"); err != nil {
		return err
	}
	if _, err := s.see("approved, and nothing leaves", "Approved, frozen", "as the list says"); err != nil {
		return err
	}
	lift, err := s.ask(sandbox.Grace, "unfreeze the new list is there")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Grace, lift, "approve", "your own request"); err != nil {
		return err
	}
	if n := len(s.place.Defender.Snapshot().Actions); n != before {
		return errors.New("a call left in spite of the freeze")
	}
	if err := s.press(sandbox.Joan, lift, "approve", "approved"); err != nil {
		return err
	}
	if _, err := s.see("a second person has lifted it", "Lifted", "new list is there"); err != nil {
		return err
	}
	_, err = s.see("what waited goes on", "Succeeded", "as the list says")
	return err
}

// says lets somebody type a command that asks for nothing, and checks the answer.
func (s *story) says(user, text, want string) error {
	s.note("%s types  /defender %s", name(user), text)
	out, err := s.place.Slack.Command(s.ctx, user, sandbox.Incident, text)
	if err != nil || out.Answer == nil {
		return fmt.Errorf("the command got no answer; slack shows %q: %w", out.Shown, err)
	}
	s.whisper(user, *out.Answer)
	if !strings.Contains(out.Answer.Text, want) {
		return fmt.Errorf("the answer does not say %q", want)
	}
	return nil
}

// alarm waits for what the alert channel is told.
func (s *story) alarm(what string, words ...string) error {
	var told slackfake.Message
	err := s.place.Slack.Wait(s.ctx, func(w *slackfake.Server) bool {
		all := w.Messages(sandbox.Security)
		i := slices.IndexFunc(all, func(m slackfake.Message) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Text, w) })
		})
		if i >= 0 {
			told = all[i]
		}
		return i >= 0
	})
	if err != nil {
		return fmt.Errorf("#security does not hear %q: %w", words, err)
	}
	s.note("#security: %s", what)
	s.print("%s\n", indent(s.place.Slack.Render(told)))
	return nil
}

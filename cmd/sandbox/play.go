package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// storyLimit is how long the story may take.
const storyLimit = 90 * time.Second

// story plays people and checks what they see.
type story struct {
	ctx   context.Context //nolint:containedctx // the story is one call of one program
	out   io.Writer
	place *sandbox.Place
	step  int

	env       app.Env
	catalogue defender.Catalogue
	log       *sealLog
}

// playStory starts everything, plays the story and stops everything.
func playStory(ctx context.Context, out io.Writer, o sandbox.Options) error {
	// The window of investigations is so small that two fill it: the story shows in
	// seconds what takes an hour.
	o.Catalogue = sandbox.Narrow("investigate", defender.Limit{Calls: 1, Per: 6 * time.Second})
	o.Defender = defenderfake.Options{FreshFor: -1, PendingFor: 500 * time.Millisecond, RunFor: time.Second}
	log := newSealLog()
	o.Log = slog.New(slog.NewJSONHandler(log, nil))
	place, err := sandbox.Open(o) //nolint:contextcheck // the servers live until Close
	if err != nil {
		return err
	}
	env := place.Env()
	env.ApprovalTTL, env.AlertChannel, env.BreakGlass = "8s", sandbox.Security, "true"
	if env.AuditSigningKeyFile, err = place.SigningKey(); err != nil {
		return errors.Join(err, place.Close())
	}
	bot, err := place.Bot(env, app.Options{})
	if err != nil {
		return errors.Join(err, place.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, storyLimit)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(running) }()

	s := &story{ctx: ctx, out: out, place: place, env: env, catalogue: o.Catalogue, log: log}
	err = s.tell(bot)
	stop()
	return errors.Join(err, <-ended, place.Close())
}

// tell is the story.
func (s *story) tell(bot *app.App) error {
	if err := sandbox.WaitReady(s.ctx, bot); err != nil {
		return err
	}
	s.print("#incident-42, with a window of one investigation in six seconds and eight seconds to approve\n")
	for _, part := range []func() error{s.mainJob, s.queue, s.followed, s.collection, s.undecided, s.denial, s.turn, s.packaged, s.replaced, s.alone, s.frozen, s.expiry, s.onceEach, s.audited} {
		if err := part(); err != nil {
			s.print("\n%s\n", s.place.Slack.Transcript(sandbox.Incident, ""))
			return err
		}
	}
	s.print("\nThe channel, as everybody sees it now:\n\n%s\n", s.place.Slack.Transcript(sandbox.Incident, ""))
	s.print("%d steps, all seen.\n", s.step)
	return nil
}

func (s *story) mainJob() error {
	card, err := s.ask(sandbox.Ada, "investigate srv-db-01.contoso.example odd logins at 3, owner does not answer")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Ada, card, "approve", "your own request"); err != nil {
		return err
	}
	if err := s.press(sandbox.Grace, card, "approve", "You approved"); err != nil {
		return err
	}
	_, err = s.see("Defender has it", "Defender id", "odd logins")
	return err
}

// followed is the end of the first one, while the second still waits.
func (s *story) followed() error {
	_, err := s.see("the first is followed to its end", "Succeeded", "odd logins")
	return err
}

func (s *story) queue() error {
	card, err := s.ask(sandbox.Ben, "investigate lt-ada.contoso.example same account seen here")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Joan, card, "approve", "You approved"); err != nil {
		return err
	}
	_, err = s.see("the window is used up: it waits, and says until when", "Microsoft's limit", "Expected to be sent", "same account")
	return err
}

func (s *story) denial() error {
	card, err := s.ask(sandbox.Ada, "collect desktop-test123 looks like the same tool")
	if err != nil {
		return err
	}
	if err := s.fills(sandbox.Joan, card, "deny", "it is our own scanner"); err != nil {
		return err
	}
	_, err = s.see("denied, with the reason", "Denied", "it is our own scanner")
	return err
}

// undecided is asked for, and nobody decides on it while the story goes on.
func (s *story) undecided() error {
	_, err := s.ask(sandbox.Ada, "collect kiosk-7 might be where it began")
	return err
}

func (s *story) turn() error {
	_, err := s.see("the one that waited was sent when its slot came, and has ended", "Succeeded", "same account")
	return err
}

func (s *story) expiry() error {
	card, err := s.see("nobody decided in time", "Expired", "might be where it began")
	if err == nil { // the requester is told in the thread
		err = s.place.Slack.Wait(s.ctx, func(w *slackfake.Server) bool {
			return slices.ContainsFunc(w.Thread(card.Channel, card.TS), func(m slackfake.Message) bool { return strings.Contains(m.Text, "Expired") })
		})
	}
	return err
}

// replaced is an investigation in a tenant that has ended them: its card offers the full
// scan, which is asked for with one click, approved by somebody else, and followed.
func (s *story) replaced() error {
	s.note("Microsoft ends investigations that are started by hand")
	s.place.Defender.EndInvestigations(defenderfake.Ended{Start: defenderfake.EndedDisabled})
	card, err := s.ask(sandbox.Ben, "investigate desktop-test123 the tool was here as well")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Grace, card, "approve", "You approved"); err != nil {
		return err
	}
	card, err = s.see("Defender refuses it, and the card says why", "Failed", "Microsoft ended this", "Not the device's fault", "the tool was here")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Ben, card, "successor", "Asked for “Run full antivirus scan”"); err != nil {
		return err
	}
	card, err = s.see("the scan has a card of its own", "Run full antivirus scan", "Waiting for approval", "the tool was here")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Ben, card, "approve", "your own request"); err != nil {
		return err
	}
	if err := s.press(sandbox.Joan, card, "approve", "You approved"); err != nil {
		return err
	}
	_, err = s.see("followed to its end", "Run full antivirus scan", "Succeeded", "The scan has finished", "the tool was here")
	return err
}

// onceEach holds Defender's own record against the story.
func (s *story) onceEach() error {
	seen := s.place.Defender.Snapshot()
	if len(seen.Investigations) != 2 || len(seen.Actions) != 4 {
		return fmt.Errorf("defender started %d investigations and %d actions, want 2 and 4", len(seen.Investigations), len(seen.Actions))
	}
	s.note("Defender started two investigations, one collection, two scans and the isolation of break-glass, and nothing else: one for each approval that it did not refuse, and one for which there was none")
	return nil
}

// ask lets somebody type a command, and waits for its card.
func (s *story) ask(user, text string) (slackfake.Message, error) {
	s.note("%s types  /defender %s", name(user), text)
	out, err := s.place.Slack.Command(s.ctx, user, sandbox.Incident, text)
	if err != nil || out.Answer == nil {
		return slackfake.Message{}, fmt.Errorf("the command got no answer; slack shows %q: %w", out.Shown, err)
	}
	s.whisper(user, *out.Answer)
	if !strings.Contains(out.Answer.Text, "Recorded as D-") {
		return slackfake.Message{}, errors.New("the command was not recorded")
	}
	_, comment, _ := strings.Cut(text, " ")
	_, comment, _ = strings.Cut(comment, " ")
	return s.see("the card", "Waiting for approval", comment)
}

// press lets somebody press a button, and checks what they are told.
func (s *story) press(user string, card slackfake.Message, action, want string) error {
	s.note("%s presses %s", name(user), button(action))
	before := len(s.place.Slack.Ephemerals(user))
	out, err := s.place.Slack.Click(s.ctx, user, sandbox.Incident, card.TS, action)
	if err != nil || !out.Acked {
		return fmt.Errorf("the click was not acknowledged; slack shows %q: %w", out.Shown, err)
	}
	err = s.place.Slack.Wait(s.ctx, func(w *slackfake.Server) bool { return len(w.Ephemerals(user)) > before })
	if err != nil {
		return fmt.Errorf("the click was not answered: %w", err)
	}
	said := s.place.Slack.Ephemerals(user)[before]
	s.whisper(user, said)
	if !strings.Contains(said.Text, want) {
		return fmt.Errorf("the answer does not say %q", want)
	}
	return nil
}

// fills lets somebody press a button that opens a form, give a reason and send it.
func (s *story) fills(user string, card slackfake.Message, action, reason string) error {
	s.note("%s presses %s… and writes: %s", name(user), button(action), reason)
	if out, err := s.place.Slack.Click(s.ctx, user, sandbox.Incident, card.TS, action); err != nil || !out.Acked {
		return fmt.Errorf("the click was not acknowledged; slack shows %q: %w", out.Shown, err)
	}
	views := s.place.Slack.Views(user)
	if len(views) != 1 {
		return fmt.Errorf("%d forms are open, want one", len(views))
	}
	out, err := s.place.Slack.Submit(s.ctx, user, views[0].ID, map[string]string{"text": reason})
	if err != nil || !out.Closed {
		return fmt.Errorf("the form did not close: %v %w", out.Errors, err)
	}
	return nil
}

// button is what people read on the button of an action.
func button(action string) string {
	switch action {
	case "successor":
		return "the button that asks for the scan"
	case "package":
		return "Get package"
	}
	return strings.ToUpper(action[:1]) + action[1:]
}

// see waits for a card that says all of it, and shows it.
func (s *story) see(what string, words ...string) (slackfake.Message, error) {
	card, err := s.place.WaitCard(s.ctx, sandbox.Incident, words...)
	if err != nil {
		return card, fmt.Errorf("not seen: %s: %w", what, err)
	}
	s.note("%s", what)
	s.print("%s\n", indent(s.place.Slack.Render(card)))
	return card, nil
}

func (s *story) note(format string, a ...any) {
	s.step++
	s.print("\n%2d. %s\n", s.step, fmt.Sprintf(format, a...))
}

func (s *story) whisper(user string, m slackfake.Message) {
	said := strings.TrimSpace(slackfake.Render(m.Blocks, name, time.UTC))
	s.print("      only %s sees: %s\n", name(user), strings.ReplaceAll(said, "\n", "\n          "))
}

// print writes to the terminal. One that is gone ends the story at the next
// step anyway.
func (s *story) print(format string, a ...any) {
	_, _ = fmt.Fprintf(s.out, format, a...)
}

func name(user string) string {
	short := strings.ToLower(strings.TrimPrefix(user, "U0"))
	return strings.ToUpper(short[:1]) + short[1:]
}

func indent(text string) string {
	return "      " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n      ")
}

package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// deleted takes a message of the bot away, as a person in the channel can.
func deleted(t *testing.T, p *sandbox.Place, m slackfake.Message) {
	t.Helper()
	client := slack.New(p.Slack.BotToken(), slack.OptionAPIURL(p.Slack.APIURL()))
	if _, _, err := client.DeleteMessageContext(limit(t), m.Channel, m.TS); err != nil {
		t.Fatal(err)
	}
}

// saved waits until the record of a request knows its card.
func saved(t *testing.T, p *sandbox.Place, id string, c slackfake.Message) {
	t.Helper()
	often := time.NewTicker(5 * time.Millisecond) // nobody is told of a commit
	defer often.Stop()
	ctx := limit(t)
	for record(t, p, id).Card.TS != c.TS {
		select {
		case <-often.C:
		case <-ctx.Done():
			t.Fatalf("the record of %s does not know its card", id)
		}
	}
}

// another waits for a card of a request that is not the one that was there.
func another(t *testing.T, p *sandbox.Place, id string, than slackfake.Message) slackfake.Message {
	t.Helper()
	var found slackfake.Message
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		return slices.ContainsFunc(s.Messages(than.Channel), func(m slackfake.Message) bool {
			found = m
			return m.TS != than.TS && strings.Contains(m.Text, id) && strings.Contains(string(m.Blocks), `"approve"`)
		})
	})
	if err != nil {
		t.Fatalf("no other card of %s\n%s", id, p.Slack.Transcript(than.Channel, ""))
	}
	return found
}

// channel changes the channel of the tests.
func channel(t *testing.T, p *sandbox.Place, change func(*slackfake.Channel)) {
	t.Helper()
	if err := p.Slack.ChangeChannel(sandbox.Incident, change); err != nil {
		t.Fatal(err)
	}
}

// TestRestrictedReplies has a channel that takes no replies: the reminder and the
// word about the end are left out, and the request is decided and carried out.
func TestRestrictedReplies(t *testing.T) {
	t.Parallel()
	p := unhurried(t)
	l := launch(t, p, p.Env())
	l.becomes(t, p)
	channel(t, p, func(c *slackfake.Channel) { c.NoReplies = "restricted_action_thread_only_channel" })
	id, c := pending(t, p, "collect "+sandbox.Server+" why")
	skip(t, p, 16*time.Minute)
	l.log.wait(t, "message refused by slack", `"what":"reply"`, "restricted_action_thread_only_channel")
	if r := record(t, p, id); r.State != approvals.Pending {
		t.Fatalf("%s is %s because of a reminder", id, r.State)
	}
	click(t, p, sandbox.Grace, c, "approve")
	runs(t, p, id)
	skip(t, p, 2*time.Hour)
	if end := card(t, p, id, "Succeeded"); end.TS != c.TS {
		t.Errorf("the end stands in message %s, the card was %s", end.TS, c.TS)
	}
}

// TestCardRefused has the channel take no card, in every way that says why: the
// requester is told the reason, and nothing is left behind.
func TestCardRefused(t *testing.T) {
	t.Parallel()
	for code, words := range map[string][]string{
		"restricted_action_read_only_channel":   {"read-only"},
		"restricted_action_thread_only_channel": {"only replies in threads"},
		"channel_is_limited_access":             {"Salesforce"},
		"ekm_access_denied":                     {"administrator", "suspended"},
		"message_limit_exceeded":                {"reached the message limit"},
		"msg_blocks_too_long":                   {"my mistake", "msg_blocks_too_long"},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			p := unhurried(t)
			l := launch(t, p, p.Env())
			l.becomes(t, p)
			channel(t, p, func(c *slackfake.Channel) { c.NoPosts = code })
			id := ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" why")
			says(t, "told", told(t, p, sandbox.Ada, id, "Not submitted for approval"), words...)
			l.log.wait(t, "message refused by slack", `"what":"card"`, code)
			if r := record(t, p, id); r.State != approvals.Rejected {
				t.Errorf("%s is %s", id, r.State)
			}
			nothingSent(t, p)
		})
	}
}

// TestCardRefusedUnknownCode is tried again a few times, and then said.
func TestCardRefusedUnknownCode(t *testing.T) {
	t.Parallel()
	p := unhurried(t)
	l := launch(t, p, p.Env())
	l.becomes(t, p)
	off := p.Slack.Break(slackfake.Fault{Method: "chat.postMessage", Error: "moon_is_full"})
	id := ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" why")
	for n := 1; n < 3; n++ {
		tries(t, p, "chat.postMessage", n)
		skip(t, p, 10*time.Second)
	}
	tries(t, p, "chat.postMessage", 3)
	told(t, p, sandbox.Ada, id, "Not submitted for approval", "moon_is_full")
	off()
}

// tries waits until a method was refused that often.
func tries(t *testing.T, p *sandbox.Place, method string, times int) {
	t.Helper()
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		n := 0
		for _, c := range s.APICalls() {
			if c.Method == method && c.Error != "" {
				n++
			}
		}
		return n >= times
	})
	if err != nil {
		t.Fatalf("%s was not refused %d times", method, times)
	}
}

// TestCardWithoutAnAnswer posts the card again where Slack's answer says nothing.
func TestCardWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"{}", "null", `{"ok":true}`, "<html>"} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			p := unhurried(t)
			l := launch(t, p, p.Env())
			l.becomes(t, p)
			p.Slack.Break(slackfake.Fault{Method: "chat.postMessage", Body: body, Times: 1})
			id := ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" why")
			l.log.wait(t, "card update failed", id)
			skip(t, p, 10*time.Second)
			c := card(t, p, id, "Waiting for approval")
			click(t, p, sandbox.Grace, c, "approve")
			runs(t, p, id)
		})
	}
}

// TestCardDeleted has somebody delete the card of a pending request. It is posted
// again, with its buttons: when the reminder finds it gone, or when somebody asks
// for the same and is sent to it.
func TestCardDeleted(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(t *testing.T, p *sandbox.Place, id string){
		"the reminder is due": func(t *testing.T, p *sandbox.Place, _ string) {
			t.Helper()
			skip(t, p, 16*time.Minute)
			err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Messages(sandbox.Incident)) > 0 })
			if err != nil {
				t.Fatal("no reminder")
			}
			skip(t, p, time.Minute) // the pause after trouble
		},
		"the id is asked for again": func(t *testing.T, p *sandbox.Place, id string) {
			t.Helper()
			says(t, "answer", command(t, p, sandbox.Ben, sandbox.Incident, "collect "+sandbox.Server+" why not"), id, "Use the card")
		},
		"the name is asked for again": func(t *testing.T, p *sandbox.Place, id string) {
			t.Helper()
			second := ask(t, p, sandbox.Ben, "collect "+serverName(t, p)+" why not")
			told(t, p, sandbox.Ben, second, "Not submitted for approval", id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := unhurried(t)
			run(t, p, p.Env(), app.Options{})
			id, c := pending(t, p, "collect "+sandbox.Server+" why")
			saved(t, p, id, c)
			deleted(t, p, c)
			happens(t, p, id)
			again := another(t, p, id, c)
			click(t, p, sandbox.Grace, again, "approve")
			runs(t, p, id)
			if n := posts(p, defenderfake.CollectPackage); n != 1 {
				t.Errorf("%d calls of Defender, want 1", n)
			}
		})
	}
}

// TestCardFrozen has a workspace that lets nobody edit what was said: the first
// change makes a second card, and takes the first away. How it goes on is said in
// the thread, and no third card comes.
func TestCardFrozen(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"edit_window_closed", "cant_update_message"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			p := unhurried(t)
			env := p.Env()
			env.ApprovalsRequired = "2"
			l := launch(t, p, env)
			l.becomes(t, p)
			p.Slack.Break(slackfake.Fault{Method: "chat.update", Error: code})
			id, first := pending(t, p, "collect "+sandbox.Server+" why")
			saved(t, p, id, first)
			click(t, p, sandbox.Grace, first, "approve")
			second := another(t, p, id, first)
			saved(t, p, id, second)
			click(t, p, sandbox.Joan, second, "approve")
			runs(t, p, id) // what is saved later would put off when Defender is asked
			skip(t, p, 2*time.Hour)
			thread(t, p, second, "Succeeded")
			if cards := p.Slack.Messages(sandbox.Incident); len(cards) != 1 || cards[0].TS != second.TS {
				t.Errorf("%d cards are left, want the second one alone\n%s", len(cards), p.Slack.Transcript(sandbox.Incident, ""))
			}
			l.log.wait(t, "message refused by slack", `"what":"card"`, code)
		})
	}
}

// serverName is the host name of the device that the tests ask for by id.
func serverName(t *testing.T, p *sandbox.Place) string {
	t.Helper()
	for _, d := range p.Defender.Snapshot().Devices {
		if d.ID == sandbox.Server {
			return d.ComputerDNSName
		}
	}
	t.Fatal("the device is not there")
	return ""
}

// TestPrivateAnswerNoButtons: what somebody is told alone, because the card
// cannot be changed, has no button that would answer nobody: those of a card count on it
// alone. Only what was not recorded is answered with buttons, which hold a whole command.
func TestPrivateAnswerNoButtons(t *testing.T) {
	t.Parallel()
	p := unhurried(t)
	l := launch(t, p, p.Env())
	l.becomes(t, p)
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, Status: http.StatusForbidden, Code: "DisallowedOperation"})
	id, c := pending(t, p, "collect "+sandbox.Server+" why")
	saved(t, p, id, c)
	p.Slack.Break(slackfake.Fault{Method: "chat.update", Error: "is_inactive"})
	click(t, p, sandbox.Grace, c, "approve")
	told(t, p, sandbox.Ada, id, "Failed")
	for _, m := range p.Slack.Ephemerals(sandbox.Ada) {
		if strings.Contains(string(m.Blocks), `"action_id"`) {
			t.Errorf("a private word has buttons: %s", m.Blocks)
		}
	}
}

package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/internal/slackfake"
)

// TestForAllCallsNobody: what everybody sees mentions nobody, names no id, and says who
// sees it; what one person sees does mention people.
func TestForAllCallsNobody(t *testing.T) {
	public := 0
	for name, p := range wordAnswers() {
		if !p.has(toAll) {
			continue
		}
		public++
		v := said(p)
		for _, id := range []string{ada, grace, joan, oncall, "<@", "<!subteam"} {
			if strings.Contains(v.Text, id) || strings.Contains(string(encoded(t, v.Blocks)), id) {
				t.Errorf("%s has %q in it:\n%s", name, id, v.Text)
			}
		}
		if !strings.HasSuffix(v.Text, "Everybody in this channel sees this.") || p.inAck().Type != slack.ResponseTypeInChannel {
			t.Errorf("%s does not say who sees it, or %s does:\n%s", name, p.inAck().Type, v.Text)
		}
	}
	if public < 5 {
		t.Errorf("%d public answers were looked at", public)
	}
	if p := wordAnswers()["list"]; !strings.Contains(p.text(), "<@"+ada+">") || p.inAck().Type != slack.ResponseTypeEphemeral {
		t.Errorf("a private one: %s to %s", p.text(), p.inAck().Type)
	}
}

// TestForAllUnknown: somebody whose name is not known is not shown as an id.
func TestForAllUnknown(t *testing.T) {
	p := page{says(mention(ada), words(" and "), mention(grace), words(" and "), span{group: oncall})}
	got := p.forAll([]approvals.Person{{ID: ada, Name: "Ada"}, {ID: grace}}).text()
	if want := "Ada and somebody and somebody\nEverybody in this channel sees this."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if p.text() != "<@U0ADA> and <@U0GRACE> and <!subteam^S0ONCALL>" {
		t.Errorf("the page itself was changed: %s", p.text())
	}
}

// TestInvolved: nobody whom a card can mention is left out.
func TestInvolved(t *testing.T) {
	r := done("isolate", approvals.Call{By: person("U0A"), Stop: approvals.Stopping{By: person("U0B")}})
	r.Ended.By, r.Barred = person("U0C"), []approvals.Person{person("U0D")}
	var got []string
	for _, p := range involved(r) {
		got = append(got, p.ID)
	}
	for _, want := range []string{ada, grace, "U0A", "U0B", "U0C", "U0D"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing among %v", want, got)
		}
	}
}

// TestListMost: a list has at most 20 requests and says how many more there are.
func TestListMost(t *testing.T) {
	for _, tt := range []struct{ requests, more, lines, left int }{{1, 0, 1, 0}, {20, 0, 20, 0}, {21, 0, 20, 1}, {20, 7, 20, 7}, {31, 2, 20, 13}} {
		l := office.Listing{More: tt.more}
		for i := range tt.requests {
			l.Requests = append(l.Requests, carded(pending("collect", 1), fmt.Sprintf("D-LST%03d", i)))
		}
		for name, p := range map[string]page{
			"list": views().openPage("/d", l), "mine": views().minePage("/d", l), "history": views().historyPage(office.History{Device: device(0), Listing: l}),
		} {
			text := p.text()
			says := fmt.Sprintf("And %d more.", tt.left)
			if got := strings.Count(text, "D-LST"); got != tt.lines || strings.Contains(text, says) != (tt.left > 0) {
				t.Errorf("%s of %d and %d more: %d lines, “%s”: %v\n%s", name, tt.requests, tt.more, got, says, !strings.Contains(text, says), text)
			}
		}
	}
}

// TestBar: it is full only where nothing is left, and empty only where nothing is used.
func TestBar(t *testing.T) {
	for _, tt := range []struct{ used, of, full int }{
		{0, 50, 0}, {1, 1500, 1}, {5, 50, 1}, {6, 50, 2}, {25, 50, 5}, {49, 50, 9}, {1499, 1500, 9}, {50, 50, 10}, {51, 50, 10}, {0, 0, 10}, {1, 2, 5}, {-1, 50, 0},
	} {
		got := bar(tt.used, tt.of)
		if want := strings.Repeat("▓", tt.full) + strings.Repeat("░", 10-tt.full); got != want {
			t.Errorf("%d of %d: %s, want %s", tt.used, tt.of, got, want)
		}
	}
}

// TestChart: it fits Slack whatever there is to draw, and without anything there is none.
func TestChart(t *testing.T) {
	var s approvals.Summary
	if p := chart(s); p != nil {
		t.Errorf("of nothing: %v", p)
	}
	s.Counts = []approvals.SummaryCount{{Action: "x", How: "of-another-version", N: 3}}
	if p := chart(s); p != nil {
		t.Errorf("of what only another version knows: %v", p)
	}
	for i := range 25 {
		for _, how := range endings() {
			s.Counts = append(s.Counts, approvals.SummaryCount{Action: fmt.Sprintf("%02d-an-action-with-a-long-name", i), How: how, N: i + 1})
		}
	}
	p := chart(s)
	if err := p[0].chart.Validate(); err != nil {
		t.Error(err)
	}
	for _, how := range endings() {
		if !slices.Contains(bands(), bandOf(how)) {
			t.Errorf("%s is not drawn", how)
		}
	}
}

// TestWhisperChart: a chart that Slack refuses is left out, and the answer comes all the
// same, once.
func TestWhisperChart(t *testing.T) {
	for name, tt := range map[string]struct {
		faults       []slackfake.Fault
		chart, toAll bool
	}{
		"all is well":   {nil, true, true},
		"refused":       {[]slackfake.Fault{{Method: "response_url", Error: "invalid_blocks", Times: 1}}, false, true},
		"no way to all": {[]slackfake.Fault{{Method: "response_url", Error: "expired_url", Times: 2}}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := visit(t, slackfake.Options{})
			url := o.responseURL(t)
			for _, f := range tt.faults {
				o.Break(f)
			}
			p := views().reportPage(sampleSummary()).forAll(summed(sampleSummary()))
			if err := o.slack.whisper(t.Context(), reply{user: ada, channel: room, url: url}, p); err != nil {
				t.Fatal(err)
			}
			alone, all := o.Ephemerals(ada), o.Messages(room)
			if got := len(all) == 1; got != tt.toAll || len(alone)+len(all) != 1 {
				t.Fatalf("%d messages to ada, %d to all, want it shown to all: %v", len(alone), len(all), tt.toAll)
			}
			m := append(alone, all...)[0]
			if got := strings.Contains(string(m.Blocks), "data_visualization"); got != tt.chart {
				t.Errorf("with a chart: %v, want %v", got, tt.chart)
			}
			if got := strings.Contains(m.Text, "Everybody in this channel sees this."); got != tt.toAll {
				t.Errorf("says that all see it: %v, want %v", got, tt.toAll)
			}
			if text := slackfake.Render(m.Blocks, names, time.UTC); !strings.Contains(text, "9 succeeded") || !strings.Contains(m.Text, "9 succeeded") {
				t.Errorf("the words are missing:\n%s", text)
			}
		})
	}
}

// TestSlow: what asks Defender, or has a chart, is acknowledged before it is answered.
func TestSlow(t *testing.T) {
	g := grammar()
	slow := func(typed string) (page, bool) {
		parsed, _ := g.Parse(typed) // nothing, where it cannot be read
		return slowly(parsed)
	}
	for typed, want := range map[string]string{
		"history srv-db-01": "Looking up srv-db-01 in Defender …", "history srv-db-01 public": "Looking up srv-db-01 in Defender …", "report": "", "report 1d public": "",
	} {
		if first, is := slow(typed); !is || first.text() != want {
			t.Errorf("%q: %v, %q, want %q", typed, is, first.text(), want)
		}
	}
	for _, typed := range []string{"history " + device(0).ID, "status", "list public", "limits", "help", "history", "cancel D-7K3F9Q", "collect srv-1 odd", "report 91d"} {
		if first, is := slow(typed); is {
			t.Errorf("%q waits, with %q", typed, first.text())
		}
	}
}

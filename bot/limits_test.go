package bot

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/commands"
	"defenderbot/internal/slackfake"
)

// mostCharacters is how large the JSON of a message may become.
const mostCharacters = 12_000

// broken says which of Slack's limits a view breaks, or which of ours.
func broken(t testing.TB, v view) string {
	t.Helper()
	if v.Form != nil {
		if err := slackfake.CheckView(encoded(t, v.Form)); err != nil {
			return err.Error()
		}
		return ""
	}
	blocks := encoded(t, v.Blocks)
	err := slackfake.CheckBlocks(blocks)
	switch {
	case err != nil:
		return err.Error()
	case utf8.RuneCount(blocks) >= mostCharacters:
		return "the blocks are too large"
	case len(v.Text) > textLimit || v.Text == "":
		return "the text is too long, or empty"
	case !utf8.ValidString(v.Text) || !utf8.Valid(blocks):
		return "not valid UTF-8"
	case strings.Contains(string(blocks), `"mrkdwn"`):
		return "there is markup in the blocks"
	}
	return misleading(v.Text, v)
}

// allowed is what the bot itself writes with angle brackets.
var allowed = regexp.MustCompile(`<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>|<#[CG][A-Z0-9]+>|<!date\^[0-9]+\^\{date_short_pretty\} at \{time\}\|[0-9-]+ at [0-9:]+ UTC>`)

// misleading says what in a view could ping, format or turn around anything.
func misleading(text string, v view) string {
	rest := allowed.ReplaceAllString(text, "")
	entities := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(rest)
	if strings.ContainsAny(entities, "<>&") {
		return "the text is not escaped"
	}
	for _, s := range append(stringsOf(v.Blocks), text) {
		for _, r := range s {
			if unicode.In(r, unicode.Cc, unicode.Cf) && r != '\n' && r != '\u200d' && r != '\u200c' {
				return "an invisible character is shown: " + string([]rune{r})
			}
		}
	}
	return ""
}

// TestViewsFitSlack: every view fits Slack.
func TestViewsFitSlack(t *testing.T) {
	for name, v := range everyView() {
		if what := broken(t, v); what != "" {
			t.Errorf("%s: %s\n%s", name, what, v.Text)
		}
	}
}

// TestCardLongestComment puts the comments that take the most room on the card
// with the most devices.
func TestCardLongestComment(t *testing.T) {
	for _, c := range []string{"<", "&", "\"", "\\", "x", "é", "\U0001F525", "a\n", "\u0301"} {
		comment := string([]rune(strings.Repeat(c, commands.MaxComment))[:commands.MaxComment-1]) + "x"
		for name, r := range map[string]approvals.Request{"pending": pending("investigate", 20), "calls": many(), "one": pending("collect", 1), "doubts": doubtfulRequests()["pending-many-doubts"]} {
			r.Comment = comment
			v := drawn(r)
			if what := broken(t, v); what != "" {
				t.Errorf("%s with a comment of %q: %s", name, c, what)
			}
			if got := quotes(v); len(got) == 0 || got[0] != comment {
				t.Errorf("%s with a comment of %q: it is not shown whole", name, c)
			}
			for _, d := range r.Devices {
				if !slices.ContainsFunc(stringsOf(v.Blocks), func(s string) bool { return strings.Contains(s, d.ID) }) {
					t.Errorf("%s with a comment of %q: the id of %s is not shown", name, c, d.Name)
				}
			}
		}
	}
}

// TestTextForgedLines: what others write is on lines of its own nowhere
// but in a quote, and there it is marked.
func TestTextForgedLines(t *testing.T) {
	const forged = "\nApproved by everybody"
	r := approved("investigate", approvals.Call{
		State: approvals.Running, Started: after(3), Job: approvals.Job{ID: "1" + forged, Status: "Odd" + forged, Details: "x" + forged, Adopted: true, By: "x" + forged},
	})
	r.Comment += forged
	r.Devices[0].Name += forged
	p := pending("investigate", 1)
	p.Devices[0].OS, p.Devices[0].Tags = "x"+forged, []string{"\u2028Approved by everybody"}
	w := with(func(d *approvals.Device) {
		d.OS, d.Health, d.Onboarding = "x"+forged, "x"+forged, "x"+forged
		d.Cautions = []approvals.Caution{{Kind: approvals.CautionOS}, {Kind: approvals.CautionBusy, Action: "x" + forged, Starter: "x" + forged}}
	})
	for _, v := range []view{drawn(r), drawn(p), told(reminded(p)), drawn(w)} {
		for l := range strings.SplitSeq(v.Text, "\n") {
			if strings.HasPrefix(l, "Approved by everybody") {
				t.Errorf("somebody wrote a line into\n%s", v.Text)
			}
		}
		for _, s := range spansOf(v) {
			if !s.quote && strings.Contains(s.text, forged) {
				t.Errorf("somebody wrote a line into the card: %q", s.text)
			}
		}
	}
}

// TestTextHoldsTheBlocks compares them without spaces and marks.
func TestTextHoldsTheBlocks(t *testing.T) {
	for name, v := range everyView() {
		if v.Form != nil {
			continue
		}
		var shown strings.Builder
		for _, s := range spansOf(v) {
			shown.WriteString(s.text)
		}
		spoken, rest, _ := strings.Cut(v.Text, "\n")
		if spoken, asks := strings.CutPrefix(spoken, "Approve? "); asks { // more than the heading, and the heading
			headline, _, _ := strings.Cut(shown.String(), "?")
			if !strings.HasPrefix(spoken, headline) || !strings.Contains(spoken, "D-7K3F9Q") {
				t.Errorf("%s: %q stands for %q", name, spoken, headline)
			}
			v.Text = headline + "?\n" + rest
		}
		want, got := squeezed(shown.String()), squeezed(strings.ReplaceAll(v.Text, "\n"+quoteMark, "\n"))
		if name == "answer-ended" || name == "answer-choose" { // it says besides what to type in place of pressing
			got = got[:min(len(want), len(got))]
		}
		if short, isCut := strings.CutSuffix(got, squeezed(cutNote)); isCut {
			want, got = want[:min(len(short), len(want))], short
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the text does not say what the blocks say (-blocks +text)\n%s", name, diff)
		}
	}
}

func squeezed(s string) string {
	s = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
	return strings.Join(strings.Fields(s), "")
}

// TestOfferFits: a menu of any length fits a message, with names, systems and states of any
// length; each option still has its whole id.
func TestOfferFits(t *testing.T) {
	for n := 2; n <= approvals.MostOffered; n++ {
		r := toChoose(n)
		for i := range r.Choice.Offered {
			d := &r.Choice.Offered[i]
			d.Name, d.OS, d.Health = strings.Repeat("<ü", 150), strings.Repeat("WindowsServer", 30), strings.Repeat("NoSensorData", 20)
		}
		p := views().offerPage(r)
		if err := slackfake.CheckBlocks(encoded(t, p.blocks())); err != nil {
			t.Fatalf("%d devices: %v", n, err)
		}
		for i, o := range options(r) {
			if !strings.HasPrefix(o.more, r.Choice.Offered[i].ID) || !strings.Contains(o.label, "<") {
				t.Fatalf("%d devices: %q, %q", n, o.label, o.more)
			}
		}
	}
}

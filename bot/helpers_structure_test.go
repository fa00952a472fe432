package bot

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/commands"
)

// writer makes the text that stands in one place instead of the one that was there.
type writer func(was string) string

// rewritten is a copy of v in which everything that people or Defender wrote is another
// text. Whatever is no id, no time and no word of ours, counts as written: also in fields
// that come later.
func rewritten[T any](v T, w writer) T {
	rewrite(reflect.ValueOf(&v).Elem(), "", w)
	return v
}

// ownFields hold words of ours in plain strings: names of actions and endpoints, outcomes.
var ownFields = []string{
	"Request.Action", "Followed.Action", "SummaryCount.Action", "SummaryCount.How", "SummaryWait.Action", "Other.Action", "Terms.Excludes", "WindowState.Actions", "Limit.String",
}

// ownText is an id of Slack, of ours or of Defender, or the name of a message.
var ownText = regexp.MustCompile(`^(|[DF]-[A-Za-z0-9]{6}|[UWSCGTAE]0[A-Z0-9]+|[0-9]+\.[0-9]+|[0-9a-f]{32,40}|[0-9a-f-]{36})$`)

func rewrite(v reflect.Value, field string, w writer) {
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				rewrite(v.Field(i), v.Type().Name()+"."+f.Name, w)
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			return
		}
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		v.Set(own)
		for i := range v.Len() {
			rewrite(v.Index(i), field, w)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		own := reflect.New(v.Type().Elem())
		own.Elem().Set(v.Elem())
		v.Set(own)
		rewrite(v.Elem(), field, w)
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && !ownText.MatchString(v.String()) && !slices.Contains(ownFields, field) {
			v.SetString(w(v.String()))
		}
	}
}

// shape is what a view is made of, without what is written in it: kinds of blocks and
// elements, mentions, links, buttons with the request that they are about, and how many
// lines there are.
type shape struct {
	Blocks any
	Text   []string // by line, what Slack makes something of
	Whole  bool     // the text is not shortened
}

func shapeOf(t testing.TB, v view) shape {
	t.Helper()
	var tree any
	what := any(v.Blocks)
	if v.Form != nil {
		what = v.Form
	}
	if err := json.Unmarshal(encoded(t, what), &tree); err != nil {
		t.Fatal(err)
	}
	s := shape{Blocks: withoutText(tree, "", false)}
	text, short := strings.CutSuffix(v.Text, cutNote)
	s.Whole = !short
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, quoteMark) {
			line = quoteMark
			if n := len(s.Text); n > 0 && s.Text[n-1] == quoteMark {
				continue
			}
			s.Text = append(s.Text, line)
			continue
		}
		s.Text = append(s.Text, strings.Join(regexp.MustCompile(`<[^>]*>`).FindAllString(line, -1), ""))
	}
	return s
}

// written are the members whose values are text.
var written = []string{"text", "alt_text", "accessibility_label", "initial_value", "fallback", "value", "label"}

// aboutRequest is how the value of a button begins that is about a request.
var aboutRequest = regexp.MustCompile(`^D-[0-9A-Za-z]{6}\.`)

func withoutText(v any, member string, inQuote bool) any {
	switch v := v.(type) {
	case map[string]any:
		quoting := inQuote || v["type"] == "rich_text_quote"
		out := map[string]any{}
		for name, inner := range v {
			out[name] = withoutText(inner, name, quoting)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = withoutText(inner, member, inQuote)
		}
		return out
	case string:
		switch {
		case !slices.Contains(written, member):
			return v
		case member == "value":
			return aboutRequest.FindString(v)
		case inQuote, member == "initial_value":
			return "text"
		}
		return fmt.Sprintf("text of %d lines", strings.Count(v, "\n")+1)
	}
	return v
}

// differs says what a text has changed that only a request should, or is empty.
func differs(want, got shape) string {
	if !reflect.DeepEqual(want.Blocks, got.Blocks) {
		return "other blocks"
	}
	if want.Whole && got.Whole && !slices.Equal(want.Text, got.Text) {
		return fmt.Sprintf("the text has %q, want %q", got.Text, want.Text)
	}
	if n := min(len(want.Text), len(got.Text)) - 1; !slices.Equal(want.Text[:n], got.Text[:n]) { // the last line is cut
		return fmt.Sprintf("the text has %q, want %q", got.Text, want.Text)
	}
	return ""
}

// drawings are all views that show what somebody wrote, by name: each draws one from texts
// of w.
func drawings() map[string]func(w writer) view {
	all := map[string]func(writer) view{}
	for name, r := range sampleRequests() {
		maps.Copy(all, drawingsOf(name, r))
	}
	for name, r := range map[string]approvals.Request{"reminder": reminded(pending("investigate", 1)), "near": nearly()} {
		maps.Copy(all, drawingsOf(name, r))
	}
	of := func(name string, draw func(w writer) page) { all[name] = func(w writer) view { return said(draw(w)) } }
	v := views()
	of("offer", func(w writer) page { return v.offerPage(rewritten(toChoose(3), w)) })
	of("ended", func(w writer) page {
		read := func(was string) string { return commands.Readable(w(was)) } // a command is of the grammar's making
		return v.endedPage("/defender", rewritten(typedAsk(1), read), after(-90))
	})
	for name, l := range map[string]office.Listing{"some": sampleListing(), "many": manyListed()} {
		of("mine-"+name, func(w writer) page { return v.minePage("/defender", rewritten(l, w)) })
		of("list-"+name, func(w writer) page { return v.openPage("/defender", rewritten(l, w)) })
		of("list-public-"+name, func(w writer) page {
			l := rewritten(l, w)
			return v.openPage("/defender", l).forAll(involved(l.Requests...))
		})
	}
	of("history", func(w writer) page {
		return v.historyPage(rewritten(office.History{Device: device(0), Listing: sampleListing()}, w))
	})
	of("report", func(w writer) page { return v.reportPage(rewritten(sampleSummary(), w)) })
	for name, h := range homes() {
		all["home-"+name] = func(w writer) view { return view{Blocks: v.home("/defender", rewritten(h, w), nil)} }
	}
	for name, d := range drafts() {
		all["form-ask-"+name] = func(w writer) view {
			d.Device, d.Comment, d.note = w(d.Device), w(d.Comment), w(d.note)
			form := v.askView(d, 20, "{}")
			return view{Form: &form}
		}
	}
	for reason := range sayings() {
		of("reason-"+string(reason), func(w writer) page {
			return v.explained(&approvals.Refusal{Why: approvals.Why{Reason: reason, Detail: w("x"), Target: w("x")}, Request: rewritten(pending("collect", 2), w)})
		})
	}
	return all
}

// drawingsOf are the views of one request.
func drawingsOf(name string, r approvals.Request) map[string]func(w writer) view {
	v := views()
	all := map[string]func(w writer) view{
		"card-" + name: func(w writer) view { return drawn(rewritten(r, w)) },
		"deny-" + name: func(w writer) view {
			form := v.denyView(rewritten(r, w), "{}")
			return view{Form: &form}
		},
	}
	if len(r.Notices) > 0 {
		all["notice-"+name] = func(w writer) view { return told(rewritten(r, w)) }
	}
	for kind, draw := range map[string]func(approvals.Request) page{
		"status":   func(r approvals.Request) page { return v.statusPage(carded(r, r.ID), false) },
		"recorded": v.recordedPage, "followed": v.followedPage, "approved": approvedPage, "denied": deniedPage, "cancelled": cancelledPage,
		"cancelled-there": v.cancelledThere, "stopped": stoppedPage, "retried": retriedPage,
		"page": func(r approvals.Request) page { return v.page(r, brief) },
		"refused": func(r approvals.Request) page {
			return v.explained(&approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyDecided, Detail: string(r.State)}, Request: r})
		},
	} {
		all[kind+"-"+name] = func(w writer) view { return said(draw(rewritten(r, w))) }
	}
	if len(r.Devices) == 0 {
		return all
	}
	for kind, draw := range map[string]func(approvals.Request) page{
		"picked":   func(r approvals.Request) page { return pickedPage(r, 0) },
		"link":     func(r approvals.Request) page { return v.linkPage(r, 0, packageLink) },
		"packages": func(r approvals.Request) page { return v.packagesPage(r, []int{0}) },
	} {
		all[kind+"-"+name] = func(w writer) view { return said(draw(rewritten(r, w))) }
	}
	return all
}

package commands

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorParts(t *testing.T) {
	_, err := testGrammar.Parse("investgate ws-1 odd login")
	var got *Error
	if !errors.As(err, &got) {
		t.Fatalf("Parse returned %T, want *Error", err)
	}
	want := &Error{
		Problem: "There is no command “investgate”.",
		Form:    "/defender investigate <device>[,<device>...] <comment>",
		Nearest: "investigate", Input: "/defender investigate ws-1 odd login", Sure: true,
		Draft: Draft{"investigate", "ws-1", "odd login"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFormat(t *testing.T) {
	const id = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	for _, tc := range []struct {
		command Command
		want    string
	}{
		{Ask{"collect", []Device{{ID: id}, {Name: "ws-1"}}, "a <b> & c\nd"}, "collect " + id + ",ws-1 a &lt;b&gt; &amp; c\nd"},
		{Off{"isolate"}, "isolate"},
		{Status{}, "status"},
		{Status{Public: true}, "status public"},
		{Status{Request: "D-7K3F9Q"}, "status D-7K3F9Q"},
		{Status{"D-7K3F9Q", true}, "status D-7K3F9Q public"},
		{Cancel{"D-7K3F9Q"}, "cancel D-7K3F9Q"},
		{List{}, "list"},
		{List{true}, "list public"},
		{Limits{}, "limits"},
		{Limits{true}, "limits public"},
		{History{Device: Device{Name: "ws-1"}}, "history ws-1"},
		{History{Device{ID: id}, true}, "history " + id + " public"},
		{History{Device{Name: "public"}, true}, "history public public"},
		{Report{Days: 7}, "report 7d"},
		{Report{90, true}, "report 90d public"},
		{Freeze{"wrong <list>\nstop"}, "freeze wrong &lt;list&gt;\nstop"},
		{Unfreeze{"sorted out"}, "unfreeze sorted out"},
		{Help{}, "help"},
	} {
		got := testGrammar.format(tc.command)
		if got != tc.want {
			t.Errorf("Format(%#v) = %q, want %q", tc.command, got, tc.want)
		}
		again, err := testGrammar.Parse(got)
		if diff := cmp.Diff(tc.command, again); err != nil || diff != "" {
			t.Errorf("Parse(%q): error %v (-want +got):\n%s", got, err, diff)
		}
	}
}

// TestActionsFromCaller holds the grammar to knowing no action itself.
func TestActionsFromCaller(t *testing.T) {
	isolate := Grammar{Slash: "/d", Actions: []Action{{Name: "isolate", Summary: "Cut off"}}, MaxDevices: 1}
	got, err := isolate.Parse("isolate ws-1 odd login")
	want := Ask{Action: "isolate", Devices: []Device{{Name: "ws-1"}}, Comment: "odd login"}
	if diff := cmp.Diff(Command(want), got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if c, err := isolate.Parse("investigate ws-1 odd login"); err == nil {
		t.Errorf("an action that the caller does not have was read as %#v", c)
	}
}

// TestErrorOffers: what works is offered to whoever mistypes it, and nothing else.
func TestErrorOffers(t *testing.T) {
	for f := range testGrammar.forms() {
		for _, typed := range []string{f.name[:3], f.name + "x", "x" + f.name} {
			_, err := testGrammar.Parse(typed)
			e, is := errors.AsType[*Error](err)
			if !is || (e.Nearest == f.name) == f.off {
				t.Errorf("%q: %v; “%s” works: %v", typed, err, f.name, !f.off)
			}
		}
	}
}

// TestOff: of an action that is switched off it does not matter what follows. To be
// told how to type it right first would be no help.
func TestOff(t *testing.T) {
	for text, want := range map[string]Command{"isolate": Off{"isolate"}, "Isolate ws-1": Off{"isolate"}, "unisolate ,,": Off{"unisolate"}} {
		if got, err := testGrammar.Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %#v, %v; want %#v", text, got, err, want)
		}
	}
}

// TestPublicStaysPrivate: only the word itself, at the end, shows an answer to everybody.
func TestPublicStaysPrivate(t *testing.T) {
	for _, text := range []string{"list", "status publik", "list public please", "limits -public", "report public 7", "cancel D-7K3F9Q public", "help public", "history public"} {
		c, err := testGrammar.Parse(text)
		if err == nil && strings.Contains(describe(c, nil), "Public:true") {
			t.Errorf("Parse(%q) = %#v", text, c)
		}
	}
}

// TestErrorNearestIsOff: whoever mistypes what is switched off is not offered what
// is next nearest, which can be its opposite.
func TestErrorNearestIsOff(t *testing.T) {
	g := Grammar{Slash: "/d", Actions: []Action{{Name: "isolate", Off: true}, {Name: "unisolate"}}, MaxDevices: 1}
	for typed, want := range map[string]string{"isolat": "", "isolatte": "", "unisolat": "unisolate", "unisolatte": "unisolate", "srv-1": "unisolate srv-1 …"} {
		_, err := g.Parse(typed + " odd login")
		if e, is := errors.AsType[*Error](err); !is || e.Nearest != want {
			t.Errorf("%q: %v, want “%s” offered", typed, err, want)
		}
	}
	g.Actions[1].Off = true
	_, err := g.Parse("srv-1 odd login")
	if e, is := errors.AsType[*Error](err); !is || e.Nearest != "" {
		t.Errorf("with nothing switched on: %v", err)
	}
}

func TestHelp(t *testing.T) {
	const want = `/defender
    Ask for an action in a form, with nothing else to type.
/defender investigate <device>[,<device>...] <comment>
    Start an automated investigation.
/defender collect <device>[,<device>...] <comment>
    Collect an investigation package.
/defender status [<id>] [public]
    Show how a request stands; without an id, your open requests and those that ended in the last day.
/defender list [public]
    Show the open requests of this channel; approvers see those of all channels.
/defender limits [public]
    Show how much of Microsoft's limits is used, and what waits for them.
/defender cancel <id>
    Cancel a request, or what of it has not been sent yet.
/defender history <device> [public]
    Show what was asked for a device, by whom, and how it ended.
/defender report [<days>d] [public]
    Sum up what was asked and decided in the last 7 days, or in up to 90; for approvers.
/defender freeze <reason>
    Freeze everything: from now on nothing new is started in Defender, for anybody; for approvers.
/defender unfreeze <reason>
    Ask for the freeze to be lifted; for approvers, and another one has to approve it.
/defender help
    Show this help.

A <device> is a host name, a device id (40 hex digits) or the address of the device's page in the Defender portal. List up to 3, separated by commas.
The <comment> says why, in at most 1000 characters. The approver reads it, and Defender keeps it.
An <id> names a request, such as D-7K3F9Q. Only you see the answers, unless you put “public” at the end: then everybody in the channel does.
`
	if diff := cmp.Diff(want, testGrammar.Help()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNote: what to know of an action stands in the help and in the table, once.
func TestNote(t *testing.T) {
	g := Grammar{Slash: "/defender", Actions: []Action{{Name: "old", Summary: "Do it", Note: "It is not offered any more."}, {Name: "new", Summary: "Do it well"}}}
	for got, want := range map[string]string{
		g.Help():  "    Do it.\n    It is not offered any more.\n/defender new",
		g.Table(): "| Do it. It is not offered any more. |\n",
	} {
		if !strings.Contains(got, want) || strings.Count(got, "offered") != 1 {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// TestAskSent: what a button holds is the same command again, whatever its comment is made
// of.
func TestAskSent(t *testing.T) {
	for _, comment := range []string{"odd", "a & b <c> &lt; <@U1> <http://x|y>", "“quoted” and 'so'", "two\nlines", "https://x.example/?a=1&b=2"} {
		want := Ask{Action: "collect", Devices: []Device{{Name: "ws-1"}, {ID: "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"}}, Comment: comment}
		got, err := testGrammar.Parse(want.Sent())
		if diff := cmp.Diff(Command(want), got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got)\n%s", comment, err, diff)
		}
	}
}

func TestTable(t *testing.T) {
	g := Grammar{Slash: "/defender", Actions: []Action{{Name: "scan", Summary: "Scan quick|full"}}}
	const begins, ends = "| command | what it does |\n|---|---|\n" +
		"| `/defender scan <device>[,<device>...] <comment>` | Scan quick\\|full |\n" +
		"| `/defender status [<id>] [public]` | ", " |\n| `/defender help` | Show this help |\n"
	if got := g.Table(); !strings.HasPrefix(got, begins) || !strings.HasSuffix(got, ends) {
		t.Errorf("got\n%s\nwant\n%s…%s", got, begins, ends)
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "list", 4},
		{"list", "list", 0},
		{"lsit", "list", 1},
		{"lst", "list", 1},
		{"listt", "list", 1},
		{"lift", "list", 1},
		{"colect", "collect", 1},
		{"cölect", "collect", 2},
		{"isolate", "collect", 6},
	} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
		if got := distance(tc.b, tc.a); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tc.b, tc.a, got, tc.want)
		}
	}
}

// BenchmarkParse reads what is typed most.
func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := testGrammar.Parse("collect 1e5bc9d7e413ddd7902c2932e418702b84d0cc07 odd logins at 3"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseMarkup(b *testing.B) {
	text := "investigate <http://ws-042.contoso.example|ws-042.contoso.example>, " +
		"<https://security.microsoft.com/machines/v2/1e5bc9d7e413ddd7902c2932e418702b84d0cc07/overview> " +
		"“reported by <@U012AB3CD|anna>: odd login &amp; a new service”"
	for b.Loop() {
		if _, err := testGrammar.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLongest(b *testing.B) {
	text := "investigate ws-1 " + strings.Repeat("wörd ", MaxComment/5)
	for b.Loop() {
		if _, err := testGrammar.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

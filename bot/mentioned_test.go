package bot

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"defenderbot/commands"
)

// TestMentioned reads testdata/messages.txtar: messages as people and apps post them, and
// what the form is filled in with.
func TestMentioned(t *testing.T) {
	const file = "testdata/messages.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil || len(archive.Files)%2 != 0 {
		t.Fatalf("%s: %v, every message needs what is found in it", file, err)
	}
	grammar := grammar()
	grammar.MaxDevices = 3
	front := New(Config{Workspace: &Workspace{views: views()}, Grammar: grammar, Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	for i := 0; i < len(archive.Files); i += 2 {
		in, out := archive.Files[i], archive.Files[i+1]
		name := strings.TrimSuffix(in.Name, ".json")
		if !json.Valid(in.Data) || out.Name != name+".found" {
			t.Fatalf("%s: no JSON, or %s does not belong to it", in.Name, out.Name)
		}
		d := front.draftOf(in.Data)
		got := fmt.Sprintf("devices: %s\nwhy: %s\n%s\n", d.Device, d.Comment, d.note)
		if got != string(out.Data) {
			t.Errorf("%s: the form has\n%swant\n%s", name, got, out.Data)
		}
	}
}

// TestMentionedUnreadable: a message of another shape says nothing, and breaks nothing.
func TestMentionedUnreadable(t *testing.T) {
	deep := strings.Repeat(`{"elements":[`, 500) + `{"text":"host web-07"}` + strings.Repeat(`]}`, 500)
	for _, message := range []string{"", "null", "7", `"host web-07"`, `{"text":7,"blocks":{},"attachments":"none","fields":[3,null,[]]}`, `{"blocks":[{"type":"rich_text_section","elements":7}]}`, deep} {
		if got := mentioned(json.RawMessage(message)); len(got.IDs)+len(got.Names) != 0 || got.title != "" {
			t.Errorf("%.60s: found %+v", message, got)
		}
	}
}

// TestDraftProposed: the form has chosen the first action that is switched on and that
// Microsoft still offers.
func TestDraftProposed(t *testing.T) {
	if got := views().proposed(); got != "collect" {
		t.Errorf("proposed %q", got)
	}
	if got := alone().proposed(); got != "" {
		t.Errorf("with nothing but what has ended, proposed %q", got)
	}
}

// TestDraftButton: the button of a wrong command's answer holds what could be understood,
// where that fits.
func TestDraftButton(t *testing.T) {
	for _, tt := range []struct {
		draft commands.Draft
		has   bool
	}{
		{commands.Draft{}, false},
		{commands.Draft{Comment: "odd"}, true},
		{commands.Draft{Action: "scan", Device: "srv-1", Comment: strings.Repeat("a", 1900)}, true},
		{commands.Draft{Comment: strings.Repeat("ü", 1000)}, false},
		{commands.Draft{Device: strings.Repeat("<", 400)}, false},
	} {
		p := draftButton(tt.draft)
		if (len(p) == 1) != tt.has {
			t.Errorf("%.40q…: %d paragraphs", tt.draft, len(p))
			continue
		}
		var back commands.Draft
		if tt.has && (len(p[0].buttons[0].value) > valueLimit || json.Unmarshal([]byte(p[0].buttons[0].value), &back) != nil || back != tt.draft) {
			t.Errorf("%.40q…: the button holds %s", tt.draft, p[0].buttons[0].value)
		}
	}
}

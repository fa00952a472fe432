package audit_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/audit"
)

// TestReadSeals: seals are found in what the bot logs, in both forms and in what
// collectors make of its lines; and alone, between other things.
func TestReadSeals(t *testing.T) {
	want := sealedTrail(t, newKey(t), []int{2, 0, 1}, 0).kept(t)
	var asJSON, asText bytes.Buffer
	for _, s := range want {
		slog.New(slog.NewJSONHandler(&asJSON, nil)).Info("audit sealed", "number", s.Number, "seal", s.Note)
		slog.New(slog.NewTextHandler(&asText, nil)).Info("audit sealed", "by", `"x`, "seal", s.Note)
	}
	for name, log := range map[string]string{
		"json":              asJSON.String(),
		"text":              asText.String(),
		"json after a time": prefixed(asJSON.String(), func(line string) string { return "2026-11-30T12:00:00Z stderr F " + line }),
		"text after a time": prefixed(asText.String(), func(line string) string { return "2026-11-30T12:00:00Z " + line }),
		"json in json":      prefixed(asJSON.String(), packed),
		"text in json":      prefixed(asText.String(), packed),
		"among other lines": "starting\n{\"msg\":\"running\"}\n" + asJSON.String() + "panic: {\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := audit.ReadSeals(strings.NewReader(log))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
	for name, log := range map[string]string{
		"nothing":         "",
		"another program": "{\"msg\":\"running\"}\n",
		"a cut line":      asJSON.String()[:asJSON.Len()-30],
		"a changed note":  strings.Replace(asJSON.String(), "entries 2", "entries x", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := audit.ReadSeals(strings.NewReader(log)); err == nil {
				t.Errorf("found %d seals", len(got))
			}
		})
	}
}

func prefixed(log string, wrap func(string) string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		b.WriteString(wrap(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String()
}

// packed is a line as Docker keeps it.
func packed(line string) string {
	text, _ := json.Marshal(map[string]any{"log": line + "\n", "attrs": map[string]any{"x": []string{"y"}}})
	return string(text)
}

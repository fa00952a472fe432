package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"defenderbot/internal/app"
	"defenderbot/internal/audit"
)

// TestLoggerOneLine: whatever text the log is given, in whichever kind of value, each event
// is one line in which everything can be printed, and says the same.
func TestLoggerOneLine(t *testing.T) {
	odd := []string{
		"\n", "\r\n", "\v", "\f", "\x00", "\x1b[2J", "\x7f", "\u0085", "\u009b", "\u2028", "\u2029", "\u202e", "\U000E0041", "\"", "\\", "=", " level=ERROR msg=forged", `","level":"ERROR`,
	}
	for _, text := range odd {
		for _, inJSON := range []bool{true, false} {
			if what := misread(t, text, inJSON); what != "" {
				t.Error(what)
			}
		}
	}
	pieces := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom(odd)), 1, 6)
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.ToValidUTF8(strings.Join(pieces.Draw(rt, "pieces"), ""), "\ufffd")
		if what := misread(t, text, rapid.Bool().Draw(rt, "json")); what != "" {
			rt.Fatal(what)
		}
	})
}

// TestLoggerTakesIn: what a library prints by Go's package log is a line like every other.
func TestLoggerTakesIn(t *testing.T) {
	before, flags, to := slog.Default(), log.Flags(), log.Writer()
	defer func() {
		slog.SetDefault(before)
		log.SetFlags(flags)
		log.SetOutput(to)
	}()
	var out bytes.Buffer
	takeIn(logger(&out, app.Config{LogJSON: true}))
	log.Printf("unsolicited\nresponse")
	var line struct {
		Level string `json:"level"`
		Msg   string `json:"msg"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Level != "INFO" || line.Msg != "unsolicited\nresponse" {
		t.Errorf("%q: %+v, %v", out.String(), line, err)
	}
}

// misread says what is wrong with two events in which a text is, or is empty.
func misread(t *testing.T, text string, inJSON bool) (what string) {
	t.Helper()
	var out bytes.Buffer
	log := logger(&out, app.Config{LogJSON: inJSON})
	log.LogAttrs(t.Context(), audit.LogLevel, "audit sealed", slog.String("note", text), slog.Any("error", errors.New(text)),
		slog.Any("list", []string{text}), slog.Group("group", slog.String("note", text)))
	log.With("request", text).InfoContext(t.Context(), "next")
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) != 3 || lines[2] != "" || strings.ContainsFunc(lines[0]+lines[1], func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		return fmt.Sprintf("two events are %d lines: %q", len(lines)-1, lines)
	}
	if !inJSON {
		for n, begins := range []string{"level=AUDIT msg=\"audit sealed\" note=", "level=INFO msg=next request="} {
			if _, rest, _ := strings.Cut(lines[n], " "); !strings.HasPrefix(rest, begins) {
				return fmt.Sprintf("%q begins with something else than %q", rest, begins)
			}
		}
		return ""
	}
	var got struct {
		Level string   `json:"level"`
		Note  string   `json:"note"`
		Error string   `json:"error"`
		List  []string `json:"list"`
		Group struct {
			Note string `json:"note"`
		} `json:"group"`
	}
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil || got.Level != "AUDIT" {
		return fmt.Sprintf("%q: %v", lines[0], err)
	}
	if said := append(got.List, got.Note, got.Error, got.Group.Note); slices.ContainsFunc(said, func(s string) bool { return s != text }) {
		return fmt.Sprintf("%q says %q, want %q", lines[0], said, text)
	}
	return ""
}

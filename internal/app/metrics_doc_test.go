package app

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMetricsDocument keeps docs/metrics.md as the registry has it.
func TestMetricsDocument(t *testing.T) {
	const path = "../../docs/metrics.md"
	got := metricsDocument(everything(t))
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what the code counts (run: make golden):\n%s", path, diff)
	}
}

func metricsDocument(all []series) string {
	var b strings.Builder
	b.WriteString(`# Metrics

Generated from the code by ` + "`make golden`" + `; a test compares.

` + "`/metrics` on `HTTP_ADDR`" + ` has these for Prometheus, besides the usual ones of Go programs (` + "`go_…`, `process_…`" + `). Each process counts what it did
itself: add counters up over all processes. A metric that is the same from every process comes from Redis, which is asked at most once
in five seconds, and is missing while Redis does not answer: take the maximum. Counters exist from the start, at 0; only
those of ` + "`defenderbot_refusals_total`" + ` appear with the first refusal of their kind. ` + "`action`" + ` is a name of [actions.md](actions.md) or
` + "`unfreeze`; `endpoint`" + ` is an endpoint that Microsoft limits separately; ` + "`other`" + ` is anything not listed.

The [alert rules](../charts/defenderbot/files/alerts.yaml) and the [dashboard](../charts/defenderbot/files/dashboard.json) use these metrics.

| metric | type | labels | what it says |
|---|---|---|---|
`)
	for _, s := range all {
		if !strings.HasPrefix(s.name, "defenderbot_") {
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.name, strings.ToLower(s.kind), labelled(s), s.help)
	}
	return b.String()
}

// labelled are the labels of a metric, with their values where they are few.
func labelled(s series) string {
	var list []string
	for _, l := range s.labels {
		text := "`" + l + "`"
		if values := s.values[l]; !slices.Contains([]string{"action", "endpoint", "version", "goversion", "what", "reason"}, l) && len(values) <= 12 {
			text += ": " + strings.Join(values, ", ")
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

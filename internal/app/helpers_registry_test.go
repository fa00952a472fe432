package app

import (
	"context"
	"slices"
	"testing"
	"time"

	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// series are all that a metric has, by name, with what each label can be.
type series struct {
	name, kind, help string
	labels           []string            // in order
	values           map[string][]string // of each label, in order
}

// parts are the names of the samples of a metric.
func (s series) parts() []string {
	if s.kind == "HISTOGRAM" {
		return []string{s.name + "_bucket", s.name + "_count", s.name + "_sum"}
	}
	return []string{s.name}
}

// everything is what a bot that runs shows, with every action switched on and a refusal counted.
func everything(t *testing.T) (all []series) {
	t.Helper()
	w := newWatch(Options{Catalogue: defender.Actions(), Version: "v1.2.3"})
	w.refused("approve", "own_request")
	s := survey{}
	for _, e := range defender.Actions().Endpoints() {
		w := ledger.Window{Endpoint: e, Used: make([]int, len(e.Limits))}
		if slices.ContainsFunc(defender.Actions(), func(a defender.Action) bool { return a.Post.Name == e.Name }) {
			w.Actions = []string{"some"}
		}
		s.windows = append(s.windows, w)
	}
	w.backlog.survey.Store(&probe[survey]{clock: time.Now, ask: func(context.Context) (survey, error) { return s, nil }})
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		one := series{name: f.GetName(), kind: f.GetType().String(), help: f.GetHelp(), values: map[string][]string{}}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if !slices.Contains(one.labels, l.GetName()) {
					one.labels = append(one.labels, l.GetName())
				}
				if !slices.Contains(one.values[l.GetName()], l.GetValue()) {
					one.values[l.GetName()] = append(one.values[l.GetName()], l.GetValue())
				}
			}
		}
		all = append(all, one)
	}
	return all
}

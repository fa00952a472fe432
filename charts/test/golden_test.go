package charttest_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGolden renders each file of ci. A diff shows what a change of the templates does to
// those who have installed the chart. Alerts and dashboard are files of their own, and
// TestMonitoring's.
func TestGolden(t *testing.T) {
	t.Parallel()
	shipped := regexp.MustCompile(`(?m)^kind: (PrometheusRule|ConfigMap)$`)
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			var kept []string
			for doc := range strings.SplitSeq(render(t, set), "\n---\n") {
				if !shipped.MatchString(doc) {
					kept = append(kept, strings.TrimRight(doc, "\n"))
				}
			}
			wantFile(t, filepath.Join("testdata", "golden", set+".yaml"), strings.Join(kept, "\n---\n")+"\n")
		})
	}
}

// TestLint: Helm's own rules for charts.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		if out, said, err := helm(t, "lint", "--strict", "--quiet", chart, "-f", filepath.Join(chart, "ci", set+"-values.yaml")); err != nil {
			t.Errorf("%s: %v: %s%s", set, err, out, said)
		}
	}
}

// TestNotes: what is said after an installation are the next commands, about this release.
func TestNotes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		set         string
		wants, nots []string
	}{
		{
			"example",
			[]string{"kubectl -n soc rollout status deployment/r-defenderbot ", "helm -n soc test r --logs", "kubectl -n soc logs deployment/r-defenderbot", "/invite @defenderbot", "keep them in a Secret of your own"},
			[]string{"rollout restart", "bundled Redis", "xapp-example"},
		},
		{"existing-secret", []string{"reads the Secret yours", "rollout restart deployment/r-defenderbot"}, []string{"part of this release's values"}},
		{"start", []string{"The bundled Redis is a single server"}, []string{"onlyAnExample"}},
		{"everything", []string{"v1.2.3-rc.1: 4 replica(s) with 2 Slack", "deployment/responder "}, nil},
	} {
		out, said, err := helm(t, "install", "r", chart, "--namespace", "soc", "--dry-run=client", "-f", filepath.Join(chart, "ci", tt.set+"-values.yaml"))
		_, notes, found := strings.Cut(out, "\nNOTES:\n")
		if err != nil || !found {
			t.Fatalf("%s: %v: %s", tt.set, err, said)
		}
		for _, want := range tt.wants {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: no %q in:\n%s", tt.set, want, notes)
			}
		}
		for _, not := range tt.nots {
			if strings.Contains(notes, not) {
				t.Errorf("%s: %q in:\n%s", tt.set, not, notes)
			}
		}
	}
}

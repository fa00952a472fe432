package app

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	alertsFile    = "../../charts/defenderbot/files/alerts.yaml"
	dashboardFile = "../../charts/defenderbot/files/dashboard.json"
)

// alert is one of the rules.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type ruleFile struct {
	Groups []struct {
		Name  string  `yaml:"name"`
		Rules []alert `yaml:"rules"`
	} `yaml:"groups"`
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	var f ruleFile
	if err := yaml.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

// panels are the queries of the dashboard, by panel.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			// What Grafana fills in.
			all[p.Title] = append(all[p.Title], strings.NewReplacer("$__rate_interval", "4m", "$namespace", ".*", "$job", ".*").Replace(q.Expr))
		}
	}
	return all
}

// promtool runs Prometheus's own checker. CI must have it.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("REQUIRE_TOOLS") != "" {
			t.Fatal("promtool is missing, which REQUIRE_TOOLS wants (apt: prometheus)")
		}
		t.Skip("promtool is not installed (apt: prometheus)")
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestAlertsForm: each alert says what is wrong, what that means and where the runbook goes on.
func TestAlertsForm(t *testing.T) {
	runbook, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range alerts(t) {
		if want := "docs/operate.md#" + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url is %q, want %q", r.Alert, r.Annotations["runbook_url"], want)
		}
		if !strings.Contains(string(runbook), "\n### "+r.Alert+"\n") {
			t.Errorf("docs/operate.md has no section on %s", r.Alert)
		}
		if s := r.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: severity is %q, want page or ticket", r.Alert, s)
		}
		for _, a := range []string{"summary", "description"} {
			if !strings.HasSuffix(r.Annotations[a], ".") {
				t.Errorf("%s: %s is %q, want a sentence", r.Alert, a, r.Annotations[a])
			}
		}
	}
}

// TestQueries: what alerts and dashboard ask for is there, down to the values of labels.
func TestQueries(t *testing.T) {
	known := map[string]series{}
	for _, s := range everything(t) {
		for _, name := range s.parts() {
			known[name] = s
		}
	}
	for _, r := range alerts(t) {
		wantKnown(t, r.Alert, r.Expr, known)
	}
	for title, queries := range panels(t) {
		for _, q := range queries {
			wantKnown(t, "panel “"+title+"”", q, known)
		}
	}
}

var (
	selector = regexp.MustCompile(`\b((?:defenderbot|go|process)_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
)

// wantKnown wants of every metric in a query that it is there with the labels that it is
// chosen by. What Prometheus adds, each has.
func wantKnown(t *testing.T, where, query string, known map[string]series) {
	t.Helper()
	found := selector.FindAllStringSubmatch(query, -1)
	if len(found) == 0 {
		t.Errorf("%s asks for nothing: %s", where, query)
	}
	for _, f := range found {
		s, is := known[f[1]]
		if !is {
			t.Errorf("%s: there is no %s", where, f[1])
			continue
		}
		for _, m := range matcher.FindAllStringSubmatch(f[2], -1) {
			if m[1] == "namespace" || m[1] == "job" {
				continue
			}
			for value := range strings.SplitSeq(m[3], "|") {
				if !slices.Contains(s.values[m[1]], value) {
					t.Errorf("%s: %s is never %s=%q", where, f[1], m[1], value)
				}
			}
		}
	}
}

// TestDashboardForm: the queries of the dashboard are ones that Prometheus takes.
func TestDashboardForm(t *testing.T) {
	var f ruleFile
	f.Groups = append(f.Groups, struct {
		Name  string  `yaml:"name"`
		Rules []alert `yaml:"rules"`
	}{Name: "dashboard"})
	for title, queries := range panels(t) {
		for _, q := range queries {
			f.Groups[0].Rules = append(f.Groups[0].Rules, alert{Alert: title, Expr: q})
		}
	}
	promtool(t, "check", "rules", writeYAML(t, "dashboard.yaml", f))
}

func writeYAML(t *testing.T, name string, v any) (path string) {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

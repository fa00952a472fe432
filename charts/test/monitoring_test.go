package charttest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// TestMonitoring: the alerts and the dashboard arrive as their files have them, with nothing of
// Prometheus' and Grafana's own templates taken for Helm's; and nobody gets them unasked.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	all := decode(t, render(t, "everything"))
	rules, boards := find[*monitoring.PrometheusRule](all), find[*core.ConfigMap](all)
	if len(rules) != 1 || len(boards) != 1 {
		t.Fatalf("%d objects with alerts and %d with dashboards, want one of each", len(rules), len(boards))
	}
	var want monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(file(t, "alerts.yaml"), &want); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, rules[0].Spec); diff != "" || len(want.Groups) == 0 {
		t.Errorf("the alerts are other ones (-file +object):\n%s", diff)
	}
	var kept, shipped any
	if err := json.Unmarshal(file(t, "dashboard.json"), &kept); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(boards[0].Data["defenderbot.json"]), &shipped); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(kept, shipped); diff != "" {
		t.Errorf("the dashboard is another one (-file +object):\n%s", diff)
	}
	if boards[0].Labels["grafana_dashboard"] != "1" {
		t.Errorf("labels %v, want the one that Grafana's sidecar looks for", boards[0].Labels)
	}
	all = decode(t, render(t, "example"))
	if n := len(find[*monitoring.PrometheusRule](all)) + len(find[*monitoring.ServiceMonitor](all)) + len(find[*core.ConfigMap](all)); n > 0 {
		t.Errorf("%d objects for operators that nobody said are there", n)
	}
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart, "files", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestNetwork: under the policies bot and doctor reach names, Slack, Entra, Defender and Redis,
// Redis reaches nobody, and only metrics and the bundled Redis can be reached.
func TestNetwork(t *testing.T) {
	t.Parallel()
	all := decode(t, render(t, "everything"))
	made := pods(all)
	type rule struct{ ports, peers int }
	type got struct {
		In, Out  []rule
		Selected []string
	}
	found := map[string]got{}
	for _, p := range find[*networking.NetworkPolicy](all) {
		var g got
		for _, r := range p.Spec.Ingress {
			g.In = append(g.In, rule{len(r.Ports), len(r.From)})
		}
		for _, r := range p.Spec.Egress {
			g.Out = append(g.Out, rule{len(r.Ports), len(r.To)})
		}
		for _, kind := range []string{"bot", "doctor", "redis"} {
			if selects(t, p.Spec.PodSelector, made[kind].Labels) {
				g.Selected = append(g.Selected, kind)
			}
		}
		if len(p.Spec.PolicyTypes) != 2 {
			t.Errorf("%s is about %v, want both ways", p.Name, p.Spec.PolicyTypes)
		}
		found[p.Name] = g
	}
	want := map[string]got{
		"responder":       {[]rule{{1, 1}}, []rule{{2, 1}, {1, 1}, {1, 1}, {1, 1}}, []string{"bot", "doctor"}},
		"responder-redis": {[]rule{{1, 1}}, nil, []string{"redis"}},
	}
	if diff := gocmp.Diff(want, found, gocmp.AllowUnexported(rule{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, p := range find[*networking.NetworkPolicy](all) {
		listens := made[map[string]string{"responder": "bot", "responder-redis": "redis"}[p.Name]].Spec.Containers[0].Ports[0].ContainerPort
		if got := p.Spec.Ingress[0].Ports[0].Port; got.IntVal != listens {
			t.Errorf("%s lets port %v in, want %d: not every plugin knows ports by name", p.Name, got, listens)
		}
		if p.Name == "responder-redis" {
			from := p.Spec.Ingress[0].From[0]
			if !selects(t, *from.PodSelector, made["bot"].Labels) || !selects(t, *from.PodSelector, made["doctor"].Labels) || selects(t, *from.PodSelector, made["redis"].Labels) {
				t.Errorf("Redis is reached from %v", from)
			}
			continue
		}
		if to := p.Spec.Egress[2].To[0]; !selects(t, *to.PodSelector, made["redis"].Labels) || selects(t, *to.PodSelector, made["bot"].Labels) {
			t.Errorf("the bot reaches %v, want Redis", to)
		}
		if got := p.Spec.Egress[2].Ports[0].Port; got.IntVal != 6379 {
			t.Errorf("the bot reaches Redis at %v", got)
		}
	}
}

func selects(t *testing.T, selector meta.LabelSelector, of map[string]string) bool {
	t.Helper()
	s, err := meta.LabelSelectorAsSelector(&selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(labels.Set(of))
}

package charttest_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
	kubernetes "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	security "k8s.io/pod-security-admission/policy"
)

// thing is a decoded object of any kind.
type thing interface {
	runtime.Object
	meta.Object
}

// decode reads every object of a rendering into Kubernetes' own types. A field that a type
// does not have, or that is there twice, is an error.
func decode(t *testing.T, rendered string) (all []thing) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(kubernetes.AddToScheme(scheme), monitoring.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	docs := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(rendered)))
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if json, err := yaml.ToJSON(doc); err != nil || bytes.Equal(json, []byte("null")) {
			if err != nil {
				t.Errorf("%v\n%s", err, doc)
			}
			continue // comments alone
		}
		o, _, err := strict.Decode(doc, nil, nil)
		if err != nil {
			t.Errorf("%v\n%s", err, doc)
			continue
		}
		all = append(all, o.(thing))
	}
}

// find are the objects of one kind.
func find[T thing](all []thing) (found []T) {
	for _, o := range all {
		if o, is := o.(T); is {
			found = append(found, o)
		}
	}
	return found
}

// pods are the pods that the objects make, by what makes them.
func pods(all []thing) map[string]core.PodTemplateSpec {
	found := map[string]core.PodTemplateSpec{}
	for _, d := range find[*apps.Deployment](all) {
		found["bot"] = d.Spec.Template
	}
	for _, s := range find[*apps.StatefulSet](all) {
		found["redis"] = s.Spec.Template
	}
	for _, p := range find[*core.Pod](all) {
		found["doctor"] = core.PodTemplateSpec{ObjectMeta: p.ObjectMeta, Spec: p.Spec}
	}
	return found
}

// awkward are values whose names and labels Kubernetes would refuse if they went in as they are.
var awkward = [][]string{
	nil,
	{"--set", "image.tag=" + strings.Repeat("x", 62) + ".y"},
	{"--set", "image.tag=__release__"},
	{"--set", "image.digest=sha256:" + strings.Repeat("0123456789abcdef", 4)},
	{"--set", "fullnameOverride=" + strings.Repeat("n", 53)},
	{"--set", "nameOverride=" + strings.Repeat("n", 53)},
}

// TestObjects: Kubernetes has every field that is rendered, names and labels are valid, each
// object is there once, and says which release it is of.
func TestObjects(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		for _, args := range awkward {
			t.Run(strings.Join(append([]string{set}, args...), " "), func(t *testing.T) {
				t.Parallel()
				all := decode(t, render(t, set, args...))
				seen := map[string]bool{}
				for _, o := range all {
					id := o.GetObjectKind().GroupVersionKind().Kind + "/" + o.GetName()
					if seen[id] {
						t.Errorf("%s is there twice", id)
					}
					seen[id] = true
					wantValid(t, id, o)
				}
				for _, s := range find[*apps.StatefulSet](all) { // the controller makes a label of its name and a hash
					if wrong := validation.IsValidLabelValue(s.Name + "-0123456789"); wrong != nil {
						t.Errorf("%s: controller-revision-hash: %v", s.Name, wrong)
					}
				}
				for kind, pod := range pods(all) {
					wantValid(t, "pod of "+kind, &pod.ObjectMeta)
				}
				if len(pods(all)) < 2 {
					t.Errorf("pods of %v, want the bot and its doctor at least", pods(all))
				}
			})
		}
	}
}

func wantValid(t *testing.T, id string, o meta.Object) {
	t.Helper()
	if wrong := validation.IsDNS1123Label(o.GetName()); o.GetName() != "" && wrong != nil {
		t.Errorf("%s: name: %v", id, wrong)
	}
	if got := o.GetLabels()["app.kubernetes.io/instance"]; got != "r" {
		t.Errorf("%s is of release %q", id, got)
	}
	for key, value := range o.GetLabels() {
		if wrong := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); wrong != nil {
			t.Errorf("%s: label %s=%s: %v", id, key, value, wrong)
		}
	}
}

// TestPodSecurity: every pod may run where Kubernetes enforces the strictest of its standards
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
func TestPodSecurity(t *testing.T) {
	t.Parallel()
	standards, err := security.NewEvaluator(security.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets(t) {
		for kind, pod := range pods(decode(t, render(t, set))) {
			restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
			if got := security.AggregateCheckResults(standards.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec)); !got.Allowed {
				t.Errorf("%s: %s: %s", set, kind, got.ForbiddenDetail())
			}
		}
	}
}

// TestSelectors: what selects pods selects those that are meant and no others. A doctor behind
// the Service would be scraped, and Redis under the bot's budget would use it up.
func TestSelectors(t *testing.T) {
	t.Parallel()
	all := decode(t, render(t, "everything"))
	made := pods(all)
	want := func(what string, selector map[string]string, kind string) {
		t.Helper()
		for k, pod := range made {
			if got := labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)); got != (k == kind) {
				t.Errorf("%s selects %s: %v", what, k, got)
			}
		}
	}
	for _, d := range find[*apps.Deployment](all) {
		want("the Deployment", d.Spec.Selector.MatchLabels, "bot")
		for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
			want("the spread over "+c.TopologyKey, c.LabelSelector.MatchLabels, "bot")
		}
	}
	for _, s := range find[*apps.StatefulSet](all) {
		want("the StatefulSet", s.Spec.Selector.MatchLabels, "redis")
	}
	for _, b := range find[*policy.PodDisruptionBudget](all) {
		want("the budget", b.Spec.Selector.MatchLabels, "bot")
	}
	for _, s := range find[*core.Service](all) {
		want("Service "+s.Name, s.Spec.Selector, map[string]string{"responder": "bot", "responder-redis": "redis"}[s.Name])
	}
	for _, m := range find[*monitoring.ServiceMonitor](all) {
		service := byName(find[*core.Service](all), func(s *core.Service) string { return s.Name })[0]
		if !labels.SelectorFromSet(m.Spec.Selector.MatchLabels).Matches(labels.Set(service.Labels)) || m.Spec.Endpoints[0].Port != service.Spec.Ports[0].Name {
			t.Errorf("the monitor %+v does not read Service %s", m.Spec, service.Name)
		}
	}
}

// TestDoctorAsBot: the doctor has the labels and annotations that the bot is given, because a
// cluster's policies and injectors go by them. What it finds is else not what the bot finds.
func TestDoctorAsBot(t *testing.T) {
	t.Parallel()
	made := pods(decode(t, render(t, "everything")))
	for kind, wants := range map[string]bool{"bot": true, "doctor": true, "redis": false} {
		pod := made[kind]
		if got := pod.Labels["example.org/team"] == "soc"; got != wants {
			t.Errorf("%s has the label: %v", kind, got)
		}
		if got := pod.Annotations["example.org/note"] == "hello"; got != wants {
			t.Errorf("%s has the annotation: %v", kind, got)
		}
	}
}

// TestRedisStays: an update of the bot or the chart does not restart the bundled Redis, which
// TestServiceAccountYours: one that somebody keeps is used and not made.
func TestServiceAccountYours(t *testing.T) {
	all := decode(t, render(t, "workload-identity", "--set", "serviceAccount.create=false,serviceAccount.name=yours"))
	if made := find[*core.ServiceAccount](all); len(made) > 0 {
		t.Errorf("the chart makes %s", made[0].Name)
	}
	for who, pod := range pods(all) {
		if pod.Spec.ServiceAccountName != "yours" {
			t.Errorf("%s runs as %q", who, pod.Spec.ServiceAccountName)
		}
	}
}

// has nobody to take over.
func TestRedisStays(t *testing.T) {
	t.Parallel()
	for key := range pods(decode(t, render(t, "start")))["redis"].Labels {
		if key != "app.kubernetes.io/name" && key != "app.kubernetes.io/instance" {
			t.Errorf("its pod has the label %s, which another version may change", key)
		}
	}
}

package charttest_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"testing"
)

// exceptions are the findings of kube-score that stay, and why. An empty set means every one.
var exceptions = []struct{ check, set, why string }{
	{"container-resources", "", "no limit on the CPU: a throttled bot acknowledges after Slack's three seconds, and the person sees an error"},
	{"container-image-pull-policy", "", "a pod must start while the registry is down; image.digest is what makes sure of the image"},
	{"deployment-has-host-podantiaffinity", "", "topologySpreadConstraints over nodes and zones do the same, and still place a pod where there are few"},
	{"pod-networkpolicy", "example", "off unless asked for: a policy that does not fit cuts the bot off"},
	{"pod-networkpolicy", "existing-secret", "as in example"},
	{"pod-networkpolicy", "workload-identity", "as in example"},
	{"pod-networkpolicy", "certificate", "as in example"},
	{"pod-networkpolicy", "start", "as in example"},
	{"deployment-replicas", "certificate", "one replica is what these values ask for"},
	{"container-security-context-user-group-id", "everything", "OpenShift gives out the ids, and these values let it"},
}

// scored is what kube-score says of an object.
type scored struct {
	Object string `json:"object_name"`
	Checks []struct {
		Check struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"check"`
		Grade   int  `json:"grade"` // 10 is well
		Skipped bool `json:"skipped"`
	} `json:"checks"`
}

// TestScore: kube-score (https://github.com/zegl/kube-score) finds nothing but the
// exceptions, and each of those is still one.
func TestScore(t *testing.T) {
	t.Parallel()
	used := make([]bool, len(exceptions))
	for _, set := range sets(t) {
		cmd := exec.CommandContext(t.Context(), tool(t, "kube-score"), "score", "--output-format", "json", "-")
		cmd.Stdin = bytes.NewBufferString(render(t, set))
		var said bytes.Buffer
		cmd.Stderr = &said
		out, _ := cmd.Output() // it fails for the exceptions too
		var all []scored
		if err := json.Unmarshal(out, &all); err != nil || len(all) == 0 {
			t.Fatalf("%s: %d objects, %v: %s", set, len(all), err, &said)
		}
		for _, o := range all {
			for _, c := range o.Checks {
				if c.Skipped || c.Grade == 10 {
					continue
				}
				i := slices.IndexFunc(exceptions, func(e struct{ check, set, why string }) bool {
					return e.check == c.Check.ID && (e.set == "" || e.set == set)
				})
				if i < 0 {
					t.Errorf("%s: %s: %s (%s)", set, o.Object, c.Check.Name, c.Check.ID)
					continue
				}
				used[i] = true
			}
		}
	}
	for i, e := range exceptions {
		if !used[i] {
			t.Errorf("no exception is needed any more for %s of %q", e.check, e.set)
		}
	}
}

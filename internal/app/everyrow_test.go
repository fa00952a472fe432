package app_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestEveryRow holds each row of the catalogue to all the places that must know
// it, and lets it live once from end to end.
func TestEveryRow(t *testing.T) {
	t.Parallel()
	for _, a := range defender.Actions() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range []struct{ place, pattern string }{
				{"README.md", "(?m)^\\| `/defender " + a.Name + " <device>.*" + regexp.QuoteMeta(a.Title)},
				{"SECURITY.md", "(?m)^\\| `" + regexp.QuoteMeta(a.Role) + "` \\|"},
				{"CHANGELOG.md", "`/defender " + a.Name + "`"},
				{"slack-manifest.yaml", `usage_hint:(.* \|)? ` + a.Name + ` (<device>|\|)`},
				{"bot/testdata/views/card-pending-" + a.Name + ".json", regexp.QuoteMeta(quoted(t, a.Effect))},
			} {
				if !regexp.MustCompile(tt.pattern).MatchString(document(t, tt.place)) {
					t.Errorf("%s does not know this row: nothing in it matches %s", tt.place, tt.pattern)
				}
			}
			if pattern := approvalsPattern(t); !regexp.MustCompile(pattern).MatchString("1," + a.Name + "=2") {
				t.Errorf("charts/defenderbot/values.schema.json takes no APPROVALS_REQUIRED for this row: %s", pattern)
			}
			if !slices.Contains(defenderfake.DefaultRoles(), a.Role) {
				t.Errorf("internal/defenderfake/table.go has no rule with the role %s", a.Role)
			}
			life(t, a)
		})
	}
}

// life is a request from the command to its end, by a bot that has the
// permissions of SECURITY.md and no more.
func life(t *testing.T, a defender.Action) {
	t.Helper()
	p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) { o.Defender.Roles = permissions(t) })
	run(t, p, p.Env(), app.Options{})
	id, c := pending(t, p, a.Name+" "+sandbox.Laptop+" odd logins at 3")
	says(t, "the card", c.Text, a.Title, a.Effect)
	click(t, p, sandbox.Ada, c, "approve")
	nothingSent(t, p)
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Succeeded", "Approved by <@"+sandbox.Grace+">")
	if n := posts(p, "machines/"+a.Post.Name); n != 1 {
		t.Errorf("%d calls of %s, want 1", n, a.Post.Name)
	}
	s := p.Defender.Snapshot()
	type started struct{ Kind, Scope, Device string }
	var got []started
	for _, x := range s.Actions {
		got = append(got, started{x.Type, x.Scope, x.MachineID})
	}
	for _, x := range s.Investigations {
		got = append(got, started{Device: x.MachineID})
	}
	if want := []started{{a.Type, a.Scope, sandbox.Laptop}}; !slices.Equal(got, want) {
		t.Errorf("Defender started %v, want %v", got, want)
	}
}

// permissions are the application permissions that SECURITY.md asks for.
func permissions(t *testing.T) []string {
	t.Helper()
	var roles []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+\\.\\w+\\.?\\w*)` \\|").FindAllStringSubmatch(document(t, "SECURITY.md"), -1) {
		roles = append(roles, m[1])
	}
	return roles
}

// approvalsPattern is the form that the chart's schema has for APPROVALS_REQUIRED.
func approvalsPattern(t *testing.T) string {
	t.Helper()
	var schema struct {
		Properties struct {
			Env struct {
				Properties map[string]struct {
					Pattern string `json:"pattern"`
				} `json:"properties"`
			} `json:"env"`
		} `json:"properties"`
	}
	if err := json.Unmarshal([]byte(document(t, "charts/defenderbot/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	pattern := schema.Properties.Env.Properties["APPROVALS_REQUIRED"].Pattern
	if pattern == "" {
		t.Fatal("charts/defenderbot/values.schema.json says nothing of APPROVALS_REQUIRED")
	}
	return pattern
}

// document is the text of a file of the repository.
func document(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// quoted is s as a part of a text in JSON.
func quoted(t *testing.T, s string) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text[1 : len(text)-1])
}

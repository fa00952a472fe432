package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

const install = "docs/install.md"

// TestInstallRoles: what to grant in Entra is what the catalogue needs.
func TestInstallRoles(t *testing.T) {
	generated(t, install, map[string]string{"roles": rolesTable(defender.Actions()), "az": azScript(defender.Actions())})
}

// generated holds the parts of a document between <!-- name --> and <!-- /name --> to what
// the code says.
func generated(t *testing.T, path string, parts map[string]string) {
	t.Helper()
	got := string(read(t, path).text)
	want := got
	for name, text := range parts {
		between := regexp.MustCompile(`(?s)<!-- ` + name + ` -->\n.*<!-- /` + name + ` -->`)
		if len(between.FindAllString(want, -1)) != 1 {
			t.Fatalf("%s has no place <!-- %s -->", path, name)
		}
		want = between.ReplaceAllLiteralString(want, "<!-- "+name+" -->\n"+text+"<!-- /"+name+" -->")
	}
	if *update {
		if err := os.WriteFile(filepath.Join(root, path), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got; make golden mends it):\n%s", path, diff)
	}
}

// need is a role, and what needs it.
type need struct {
	role     string
	actions  []string
	byItself bool // an action that is on by default needs it
}

// needs are the roles of all actions, in the catalogue's order, after that for reading.
func needs(all defender.Catalogue) []need {
	list := []need{{role: "Machine.Read.All", actions: []string{"everything: devices and their actions are looked up"}, byItself: true}}
	at := map[string]int{}
	add := func(role, action string, byItself bool) {
		if _, known := at[role]; !known {
			at[role] = len(list)
			list = append(list, need{role: role})
		}
		n := &list[at[role]]
		n.actions = append(n.actions, action)
		n.byItself = n.byItself || byItself
	}
	for _, a := range all {
		name := "`" + a.Name + "`"
		if a.Ended != nil {
			name += " (which Microsoft has ended: leave it out with the action)"
		}
		add(a.Role, name, a.Harmless)
		if a.Package {
			add("Machine.ReadWrite.All", "the button Get package of `"+a.Name+"`", a.Harmless)
		}
	}
	return list
}

func rolesTable(all defender.Catalogue) string {
	var b strings.Builder
	b.WriteString("| permission | for | needed with the default `ACTIONS` |\n|---|---|---|\n")
	for _, n := range needs(all) {
		on := "no"
		if n.byItself {
			on = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", n.role, strings.Join(n.actions, ", "), on)
	}
	return b.String()
}

// azScript makes the application with the roles that the default actions need. The id is
// that of WindowsDefenderATP in every tenant.
func azScript(all defender.Catalogue) string {
	var roles []string
	for _, n := range needs(all) {
		if n.byItself {
			roles = append(roles, n.role)
		}
	}
	return "<!-- docs-check: not here, it needs a tenant; TestInstallRoles writes its list of roles -->\n```sh\n" +
		`api=fc780465-2017-40d4-a0c5-307022471b92 # WindowsDefenderATP
app=$(az ad app create --display-name defenderbot --query appId -o tsv)
az ad sp create --id "$app"
for role in ` + strings.Join(roles, " ") + `; do
  id=$(az ad sp show --id "$api" --query "appRoles[?value=='$role'].id" -o tsv)
  az ad app permission add --id "$app" --api "$api" --api-permissions "$id=Role"
done
az ad app permission admin-consent --id "$app"
` + "```\n"
}

// TestInstallVariables: what has to be set stands in one block, in the order in which the
// README has it, and nothing else does.
func TestInstallVariables(t *testing.T) {
	_, after, ok := strings.Cut(string(read(t, install).text), "<!-- required -->\n")
	file, _, closed := strings.Cut(after, "\n```\n")
	if !ok || !closed {
		t.Fatal("there is no block after <!-- required -->")
	}
	var set []string
	for _, found := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllStringSubmatch(file, -1) {
		set = append(set, found[1])
	}
	var required []string
	proof := false // one of three proves who the bot is
	for f := range reflect.TypeFor[app.Env]().Fields() {
		need := f.Tag.Get("need")
		if need == "required" || need == "one of three" && !proof {
			required = append(required, f.Tag.Get("envconfig"))
		}
		proof = proof || need == "one of three"
	}
	if diff := cmp.Diff(required, set); diff != "" {
		t.Errorf("what has to be set (-want +got):\n%s", diff)
	}
}

// exposed is the most that systemd may say about what the unit leaves open, in tenths of its
// scale to ten: network and the host's own files are what is left.
const exposed = "15"

// TestUnit: systemd takes the unit, and finds little in it that is open.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	switch {
	case err != nil && os.Getenv("REQUIRE_TOOLS") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	unit, err := os.ReadFile(filepath.Join(root, "deploy", "defenderbot@.service"))
	if err != nil {
		t.Fatal(err)
	}
	// systemd wants to see the program, and to be told where it is.
	there := regexp.MustCompile(`(?m)^ExecStart=\S+$`).ReplaceAll(unit, []byte("ExecStart="+analyze))
	path := filepath.Join(t.TempDir(), "defenderbot@8080.service")
	if err := os.WriteFile(path, there, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", path}, {"security", "--offline=true", "--no-pager", "--threshold=" + exposed, path}} {
		out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %q: %v\n%s", args, err, out)
		}
	}
}

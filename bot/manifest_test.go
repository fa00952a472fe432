package bot

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"defenderbot"
	"defenderbot/internal/slackfake"
)

// manifest is what the bot relies on of slack-manifest.yaml.
type manifest struct {
	Features struct {
		Home struct {
			Tab      bool `yaml:"home_tab_enabled"`
			Messages bool `yaml:"messages_tab_enabled"`
		} `yaml:"app_home"`
		Commands []struct {
			Command string `yaml:"command"`
			Escapes bool   `yaml:"should_escape"`
		} `yaml:"slash_commands"`
		Shortcuts []struct {
			ID   string `yaml:"callback_id"`
			Type string `yaml:"type"`
		} `yaml:"shortcuts"`
	} `yaml:"features"`
	OAuth struct {
		Scopes map[string]yaml.Node `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		SocketMode    bool `yaml:"socket_mode_enabled"`
		Interactivity struct {
			On bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
	} `yaml:"settings"`
}

func readManifest(t *testing.T) (m manifest) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(defenderbot.SlackManifest), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// webMethods are the methods of the Web API by what calls them in the library.
func webMethods() map[string]string {
	return map[string]string{
		"AuthTestContext": "auth.test", "GetBotInfoContext": "bots.info", "StartSocketModeContext": "apps.connections.open",
		"PostMessageContext": "chat.postMessage", "PostMessageWithResponseContext": "chat.postMessage", "PostEphemeralContext": "chat.postEphemeral",
		"UpdateMessageContext": "chat.update", "DeleteMessageContext": "chat.delete",
		"GetUserInfoContext": "users.info", "GetUserGroupsContext": "usergroups.list", "GetUserGroupMembersContext": "usergroups.users.list",
		"GetConversationInfoContext": "conversations.info", "OpenConversationContext": "conversations.open",
		"OpenViewContext": "views.open", "PublishViewContext": "views.publish",
	}
}

// clientCalls are the methods of the library that this package calls.
func clientCalls(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, is := n.(*ast.SelectorExpr); is {
				if client, is := call.X.(*ast.SelectorExpr); is && client.Sel.Name == "api" {
					all[call.Sel.Name] = true
				}
			}
			return true
		})
	}
	return all
}

// TestManifestScopes holds the scopes of the manifest to what the code calls: each method
// has one that it needs, each scope is one that something needs, and it is explained.
func TestManifestScopes(t *testing.T) {
	scopes := readManifest(t).OAuth.Scopes
	if len(scopes) != 1 {
		t.Errorf("the manifest asks for scopes of %v, want those of a bot alone", slices.Collect(maps.Keys(scopes)))
	}
	var explained []Scope
	var asked []string
	for _, n := range scopes["bot"].Content {
		asked = append(asked, n.Value)
		explained = append(explained, Scope{Name: n.Value, For: strings.TrimPrefix(n.LineComment, "# ")})
	}
	want := Scopes()
	for i := range want {
		want[i] = Scope{Name: want[i].Name, For: want[i].For}
	}
	if diff := cmp.Diff(want, explained, cmp.AllowUnexported(Scope{})); diff != "" {
		t.Errorf("the scopes of the manifest, explained (-want +got):\n%s", diff)
	}
	o := visit(t, slackfake.Options{})
	of, needed := webMethods(), map[string]bool{"commands": true} // which no method needs, but the command
	calls := clientCalls(t)
	for name := range calls {
		oneOf, known := o.Scopes(of[name])
		if !known {
			t.Errorf("the code calls %s, and nobody knows what that needs", name)
			continue
		}
		if len(oneOf) > 0 && !slices.ContainsFunc(oneOf, func(s string) bool { return slices.Contains(asked, s) }) {
			t.Errorf("%s needs one of %q, and the manifest asks for none of them", of[name], oneOf)
		}
		for _, s := range oneOf {
			needed[s] = true
		}
	}
	delete(needed, "im:read") // a direct message shows by its id, or by this being missing
	delete(needed, "mpim:read")
	for _, s := range asked {
		if !needed[s] {
			t.Errorf("the manifest asks for %s, which no call needs", s)
		}
	}
	for name := range of {
		if !calls[name] {
			t.Errorf("this test knows %s, which the code does not call", name)
		}
	}
}

// TestManifestFeatures holds the rest of the manifest to what the code takes and shows.
func TestManifestFeatures(t *testing.T) {
	m := readManifest(t)
	if !m.Settings.SocketMode || !m.Settings.Interactivity.On || !m.Features.Home.Tab || !m.Features.Home.Messages {
		t.Errorf("something is off that the bot needs: %+v, %+v", m.Settings, m.Features.Home)
	}
	if got := m.Settings.Events.Bot; !slices.Equal(got, []string{homeOpened}) {
		t.Errorf("events %q, want the one that is listened to", got)
	}
	var ids []string
	for _, s := range m.Features.Shortcuts {
		if ids = append(ids, s.ID); s.Type != "message" {
			t.Errorf("the shortcut %s is of the type %s", s.ID, s.Type)
		}
	}
	if want := slices.Sorted(maps.Keys(shortcuts())); !slices.Equal(ids, want) {
		t.Errorf("shortcuts %q, want %q", ids, want)
	}
	if c := m.Features.Commands; len(c) != 1 || c[0].Command != "/defender" || !c[0].Escapes {
		t.Errorf("commands %+v, want /defender with its mentions escaped", c)
	}
}

// TestScopesVital: what is missing is vital unless something stands in for it, and nothing
// is missing of a token of which nobody says what it may do.
func TestScopesVital(t *testing.T) {
	var all []string
	for _, s := range Scopes() {
		all = append(all, s.Name)
	}
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(names, s) })
	}
	for _, tt := range []struct {
		granted, vital, spare []string
		lacking               int
	}{
		{all, nil, nil, 0},
		{nil, nil, nil, len(all)},
		{append(without(), "im:read", "chat:write.public"), nil, []string{"im:read", "chat:write.public"}, 0},
		{without("im:write", "usergroups:read"), nil, nil, 2},
		{without("groups:read"), nil, nil, 1},
		{without("channels:read"), nil, nil, 1},
		{without("channels:read", "groups:read"), []string{"channels:read or groups:read (whether the bot is in a public channel, and who shares it)"}, nil, 2},
		{without("commands", "users:read"), []string{"commands (/defender, and the shortcut on messages)", "users:read (whether a person is an active full member of this workspace)"}, nil, 2},
	} {
		if got := vitalLacking(tt.granted); !slices.Equal(got, tt.vital) {
			t.Errorf("%q: vital are %q, want %q", tt.granted, got, tt.vital)
		}
		if lacking, spare := Lacking(tt.granted), Spare(tt.granted); len(lacking) != tt.lacking || !slices.Equal(spare, tt.spare) {
			t.Errorf("%q: lacking are %v and spare %q, want %d and %q", tt.granted, lacking, spare, tt.lacking, tt.spare)
		}
	}
}

package defender_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// TestNeeds holds what is needed, and what is more than that, to the pages of the actions.
func TestNeeds(t *testing.T) {
	read := defender.Need{AnyOf: []string{"Machine.Read.All", "Machine.ReadWrite.All"}}
	for name, tt := range map[string]struct {
		on, roles []string
		needs     []defender.Need
		unmet     []string // what for
		surplus   []string
	}{
		"nothing": {nil, []string{"Machine.Read.All", "Machine.Scan"}, []defender.Need{read}, nil, []string{"Machine.Scan"}},
		"no role": {
			[]string{"scan"},
			nil,
			[]defender.Need{read, {AnyOf: []string{"Machine.Scan"}, Actions: []string{"scan"}}},
			[]string{"looking up devices and their actions", "scan"},
			nil,
		},
		"two actions with one role": {
			[]string{"unisolate", "isolate"},
			[]string{"Machine.Isolate", "Machine.Read.All"},
			[]defender.Need{read, {AnyOf: []string{"Machine.Isolate"}, Actions: []string{"isolate", "unisolate"}}},
			nil, nil,
		},
		"the larger role reads too": {
			[]string{"collect"},
			[]string{"Machine.ReadWrite.All", "Machine.CollectForensics"},
			[]defender.Need{
				read,
				{AnyOf: []string{"Machine.CollectForensics"}, Actions: []string{"collect"}},
				{AnyOf: []string{"Machine.ReadWrite.All"}, Actions: []string{"collect"}, Package: true},
			},
			nil, nil,
		},
		"no link to packages": {
			[]string{"collect"},
			[]string{"Machine.Read.All", "Machine.CollectForensics"},
			[]defender.Need{
				read,
				{AnyOf: []string{"Machine.CollectForensics"}, Actions: []string{"collect"}},
				{AnyOf: []string{"Machine.ReadWrite.All"}, Actions: []string{"collect"}, Package: true},
			},
			[]string{"the link to what collect has collected"},
			nil,
		},
		"the larger role for nothing": {
			[]string{"scan"},
			[]string{"Machine.ReadWrite.All", "Machine.Read.All", "Machine.Scan"},
			[]defender.Need{read, {AnyOf: []string{"Machine.Scan"}, Actions: []string{"scan"}}},
			nil,
			[]string{"Machine.ReadWrite.All"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			needs := defender.Actions().Needs(tt.on)
			if diff := cmp.Diff(tt.needs, needs); diff != "" {
				t.Errorf("needs (-want +got):\n%s", diff)
			}
			var unmet []string
			for _, n := range needs {
				if _, met := n.Met(tt.roles); !met {
					unmet = append(unmet, n.For())
				}
			}
			if surplus := defender.Surplus(needs, tt.roles); !slices.Equal(unmet, tt.unmet) || !slices.Equal(surplus, tt.surplus) {
				t.Errorf("unmet %q, surplus %q; want %q and %q", unmet, surplus, tt.unmet, tt.surplus)
			}
		})
	}
}

package approvals

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// ids are all ids that p is known by: that of the workspace, and that of the
// organisation in an Enterprise Grid
// (https://docs.slack.dev/enterprise/developing-for-enterprise-orgs).
func (p Person) ids() []string {
	return slices.DeleteFunc([]string{p.ID, p.Enterprise}, func(id string) bool { return id == "" })
}

// HasID reports whether id is one of p's.
func (p Person) HasID(id string) bool { return id != "" && (id == p.ID || id == p.Enterprise) }

// Key is the one id under which everything of p is counted: the organisation's,
// where there is one, since it is the same in all workspaces.
func (p Person) Key() string { return cmp.Or(p.Enterprise, p.ID) }

// Person is a member of the workspace. Two people are the same by id, or by
// the id that an Enterprise Grid gives a person across its workspaces; never
// by name.
type Person struct {
	ID         string `json:"id"`
	Enterprise string `json:"ent,omitempty"`
	Name       string `json:"name,omitempty"` // as it was when they acted; for reading only
}

// Is reports whether p and q are one person. Each id of the one is compared with
// each of the other: Slack names a member of a Grid here by the id of the
// workspace, there by that of the organisation.
func (p Person) Is(q Person) bool { return q.HasID(p.ID) || q.HasID(p.Enterprise) }

// Label names a person where Slack's mentions mean nothing.
func (p Person) Label() string {
	if called := p.Called(); called != p.ID {
		return called + " (" + p.ID + ")"
	}
	return p.ID
}

// separators are what looks like a mark between two things, or like nothing.
const separators = "·•‧∙⋅・･ꞏ⸱◦᛫‖│¦⎤\u2800\ufffc\ufffd"

// commas are what looks like the mark between two names.
const commas = ",\uff0c\u3001\uff64\u060c\ufe50\ufe51"

// longestName is how many characters of a name are shown.
const longestName = 40

// Called is the person's name where an id would say too little: people choose
// their names, so it is one line without brackets, separators and what cannot be
// seen, and cannot pass for more than a name. Where nothing is left it is the id.
func (p Person) Called() string {
	letters := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), strings.ContainsRune(commas, r):
			return ' '
		case unicode.In(r, unicode.C, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf, unicode.Me, unicode.Sm,
			unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector), strings.ContainsRune(separators, r):
			return -1
		}
		return r
	}, p.Name)
	called := []rune(strings.Join(strings.Fields(letters), " "))
	if !slices.ContainsFunc(called, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
		return p.ID
	}
	return strings.TrimSpace(string(called[:min(len(called), longestName)]))
}

package defender

import (
	"slices"
	"strings"
)

// Need is something that the application's roles have to allow.
type Need struct {
	// AnyOf are the roles that allow it, the smallest first. One of them is enough.
	AnyOf []string
	// Actions are the rows that need it; none: all do, to read devices and actions.
	Actions []string
	// Package is set where it is only for the link to what an action has collected.
	Package bool
}

// Needs are what the rows of these names need, reading first. The roles are those of
// [Action.Page], of https://learn.microsoft.com/defender-endpoint/api/get-machine-by-id and
// of https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri, which names
// Machine.ReadWrite.All alone; an older version of that page names Machine.Read.All too.
func (c Catalogue) Needs(names []string) []Need {
	needs := []Need{{AnyOf: []string{"Machine.Read.All", "Machine.ReadWrite.All"}}}
	packages := Need{AnyOf: []string{"Machine.ReadWrite.All"}, Package: true}
	for _, a := range c {
		if !slices.Contains(names, a.Name) {
			continue
		}
		if a.Package {
			packages.Actions = append(packages.Actions, a.Name)
		}
		i := slices.IndexFunc(needs, func(n Need) bool { return n.AnyOf[0] == a.Role })
		if i < 0 {
			needs = append(needs, Need{AnyOf: []string{a.Role}})
			i = len(needs) - 1
		}
		needs[i].Actions = append(needs[i].Actions, a.Name)
	}
	if len(packages.Actions) > 0 {
		needs = append(needs, packages)
	}
	return needs
}

// Met reports whether one of the roles allows it, and which is the smallest that does.
func (n Need) Met(roles []string) (by string, met bool) {
	i := slices.IndexFunc(n.AnyOf, func(r string) bool { return slices.Contains(roles, r) })
	if i < 0 {
		return "", false
	}
	return n.AnyOf[i], true
}

// For says what it is needed for, as a part of a sentence.
func (n Need) For() string {
	switch {
	case n.Package:
		return "the link to what " + strings.Join(n.Actions, ", ") + " has collected"
	case len(n.Actions) == 0:
		return "looking up devices and their actions"
	}
	return strings.Join(n.Actions, ", ")
}

// Surplus are those of the roles without which all that is met would still be.
func Surplus(needs []Need, roles []string) (surplus []string) {
	for _, role := range roles {
		used := slices.ContainsFunc(needs, func(n Need) bool { by, _ := n.Met(roles); return by == role })
		if !used {
			surplus = append(surplus, role)
		}
	}
	return surplus
}

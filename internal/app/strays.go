package app

import (
	"reflect"
	"slices"
	"strings"

	"defenderbot/commands"
)

// Stray is a variable that is set and that this program does not read, although
// its name is close to one that it reads: a slip that would otherwise be silent,
// where empty means everybody or everywhere. Other programs' variables are none.
type Stray struct{ Name, Meant string }

// Strays are those among the names of an environment's variables. It never sees a
// value.
func Strays(names []string) []Stray {
	var list []Stray
	known := variables()
	for _, name := range names {
		if meant := meant(name, known); meant != "" && meant != name {
			list = append(list, Stray{name, meant})
		}
	}
	return list
}

// variables are the names of all that this program reads.
func variables() []string {
	var names []string
	for f := range reflect.TypeFor[Env]().Fields() {
		names = append(names, f.Tag.Get("envconfig"))
	}
	return names
}

// shortestStray is how many characters a name has at least to be taken for one of
// ours; ours have seven or more.
const shortestStray = 6

// meant is the known name that name is or was probably to be, or nothing: one that
// is near in letters, else the one with which it shares the longest beginning.
func meant(name string, known []string) string {
	upper := strings.ToUpper(name)
	switch {
	case slices.Contains(known, upper):
		return upper
	case len(name) < shortestStray:
		return ""
	}
	// Slips are seldom in the first letter, and OPTIONS is anybody's.
	if near := commands.Nearest(upper, known); near != "" && near[0] == upper[0] {
		return near
	}
	best, longest := "", leastShared-1
	for _, k := range known {
		if n := shared(upper, k); n > longest {
			best, longest = k, n
		}
	}
	return best
}

// leastShared is how long a shared beginning is at least: APPROVAL_ and DEFENDER_
// are ours, HTTP_ and REDIS_ are anybody's.
const leastShared = 9

// shared is the length of the words that two names begin with, an underscore after
// each.
func shared(a, b string) (n int) {
	a, b = a+"_", b+"_"
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			break
		}
		if a[i] == '_' {
			n = i + 1
		}
	}
	return n
}

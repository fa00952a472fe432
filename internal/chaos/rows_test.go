package chaos_test

import (
	"regexp"
	"slices"
	"strings"

	"defenderbot/defender"
)

// weights say how often an action is asked for against the others: most often those that
// most people have switched on.
func weights() map[string]int {
	return map[string]int{"investigate": 8, "collect": 8, "scan": 4}
}

// often are the names of all actions, each as often as its weight has it.
func often() (names []string) {
	for _, a := range defender.Actions() {
		for range max(2, weights()[a.Name]) {
			names = append(names, a.Name)
		}
	}
	return names
}

// partners are the other actions of an action's group: only one of them may be open on a
// device at once.
func partners(action string) (names []string) {
	a, _ := defender.Actions().Named(action)
	for _, b := range defender.Actions() {
		if a.Excludes != "" && b.Excludes == a.Excludes && b.Name != a.Name {
			names = append(names, b.Name)
		}
	}
	return names
}

// endpoints are where the actions are posted, each once.
func endpoints() (names []string) {
	for _, a := range defender.Actions() {
		if !slices.Contains(names, a.Post.Name) {
			names = append(names, a.Post.Name)
		}
	}
	return names
}

// actionPath is the path of a POST that starts an action.
var actionPath = regexp.MustCompile(`^/api/machines/([0-9a-f]{40})/(` + strings.Join(endpoints(), "|") + `)$`)

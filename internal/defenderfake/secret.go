package defenderfake

import (
	"cmp"
	"slices"
)

// Secret is something that opens something to whoever has it. Tests look for it where it must not be.
type Secret struct {
	What string // such as "access token"
	Text string
}

// PackageLink is what Secrets calls the token of a link to a package, which one person is meant to get.
const PackageLink = "package link"

// Secrets returns the secrets of the apps, and the access tokens, links to packages and assertions that were seen: the
// newest 10,000 at least.
func (s *Server) Secrets() []Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.tenant.handed)
	for _, a := range s.tenant.apps {
		if a.Secret != "" {
			out = append(out, Secret{"client secret", a.Secret})
		}
	}
	slices.SortStableFunc(out, func(a, b Secret) int { return cmp.Compare(a.What, b.What) })
	return out
}

// hand keeps a secret that came or went.
func (t *tenant) hand(what, text string) {
	if len(t.handed) >= 2*kept {
		t.handed = slices.Clone(t.handed[kept:])
	}
	t.handed = append(t.handed, Secret{what, text})
}

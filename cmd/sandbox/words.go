package main

import (
	"slices"
	"strings"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
)

// vocabulary is what the composer completes.
type vocabulary struct {
	Commands []word   `json:"commands"`
	Devices  []device `json:"devices"`
}

// word is one command, as the grammar's own help has it.
type word struct {
	Typed   string `json:"typed"`   // up to where it is completed: /defender investigate
	Args    string `json:"args"`    // <device>[,<device>...] <comment>
	Summary string `json:"summary"` // Start automated investigation.
	Devices bool   `json:"devices"` // devices come next
}

type device struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// mostDevices is the bot's default for MAX_DEVICES.
const mostDevices = 20

// newVocabulary takes the commands from the help that the bot itself shows, a
// line with the form and one with what it does for each.
func newVocabulary(place *sandbox.Place) vocabulary {
	var v vocabulary
	for line := range strings.SplitSeq(app.Grammar(defender.Actions(), defender.Actions().Names(), mostDevices).Help(), "\n") {
		switch {
		case strings.HasPrefix(line, "/defender "):
			parts := strings.SplitN(line, " ", 3)
			w := word{Typed: parts[0] + " " + parts[1]}
			if len(parts) == 3 {
				w.Args = parts[2]
			}
			w.Devices = strings.HasPrefix(w.Args, "<device>")
			v.Commands = append(v.Commands, w)
		case strings.HasPrefix(line, "    ") && len(v.Commands) > 0:
			v.Commands[len(v.Commands)-1].Summary = strings.TrimSpace(line)
		}
	}
	for _, d := range place.Defender.Snapshot().Devices {
		i := slices.IndexFunc(v.Devices, func(w device) bool { return w.Name == d.ComputerDNSName })
		if i >= 0 {
			v.Devices[i].About = "more than one device"
			continue
		}
		v.Devices = append(v.Devices, device{d.ComputerDNSName, d.OSPlatform})
	}
	return v
}

// wordsFor is what the composer of a viewer completes: nothing where Slack
// offers the app's commands to nobody.
func (s *site) wordsFor(v viewer) vocabulary {
	if s.outsider(v.User) {
		return vocabulary{Commands: []word{}, Devices: []device{}}
	}
	return s.words
}

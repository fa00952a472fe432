package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
)

// warning is one thing that speaks against an action on a device, as a sentence, and in a
// few words for cards with many devices.
type warning struct {
	whole []span
	brief string
	bare  string
}

// warnings are all that speak against it. Before Defender was asked there are none.
func (v Views) warnings(r approvals.Request, dev approvals.Device) []warning {
	if r.Opened.IsZero() {
		return nil
	}
	list := slices.Concat(notVerified(dev), notOnboarded(dev.Onboarding), silent(dev, r.Opened))
	for _, c := range dev.Cautions {
		list = append(list, v.caution(c, dev))
	}
	return list
}

// warned is what speaks against the action on a device, a line each.
func warned(list []warning) (lines []para) {
	for _, w := range list {
		lines = append(lines, says(append([]span{words("⚠️ ")}, w.whole...)...))
	}
	return lines
}

// inShort are warnings as items of a line.
func inShort(list []warning, d detail) []string {
	items := make([]string, len(list))
	for i, w := range list {
		items[i] = w.brief
		if d == bare {
			items[i] = w.bare
		}
	}
	return items
}

// notVerified warns about a device that Defender could not be asked about.
func notVerified(dev approvals.Device) []warning {
	if dev.Verified {
		return nil
	}
	return []warning{{
		[]span{words(strings.TrimSpace("Not verified: I could not ask Defender about this device. " + unread(dev)))}, "not verified", "not verified",
	}}
}

// notOnboarded warns about a device that does not report to Defender.
func notOnboarded(word string) []warning {
	if word == "" {
		return nil
	}
	return []warning{{
		[]span{words("Not onboarded (" + cut(fact(word), 40) + "): Defender can probably not act on it.")}, "not onboarded", "not onboarded",
	}}
}

// longSilent is after how long a device that was not seen is said to be away.
const longSilent = 7 * 24 * time.Hour

// silent warns about a device that may not hear Defender: then a call waits
// (https://learn.microsoft.com/defender-endpoint/fix-unhealthy-sensors).
func silent(dev approvals.Device, at time.Time) []warning {
	away := at.Sub(dev.LastSeen)
	var list []warning
	if !dev.LastSeen.IsZero() && away > longSilent {
		long := inWords(away)
		list = append(list, warning{[]span{words("Last seen " + long + " ago: the action waits until the device is back, or until Defender gives up.")}, "not seen for " + long, "offline"})
	}
	switch dev.Health {
	case "", "Active":
		return list
	case "Inactive":
		if len(list) > 0 {
			return list
		}
		return []warning{{[]span{words("Inactive: the action waits until the device reports again, or until Defender gives up.")}, "inactive", "offline"}}
	case "Unknown":
		return append(list, warning{[]span{words("Defender does not know whether it can reach it.")}, "health unknown", "health unknown"})
	}
	what := sensor(dev.Health)
	return append(list, warning{[]span{words(strings.ToUpper(what[:1]) + what[1:] + ": Defender may not reach it.")}, what, cut(what, 20)})
}

// sensor says in words what is wrong with the sensor of a device.
func sensor(health string) string {
	switch health {
	case "NoSensorData":
		return "no sensor data"
	case "ImpairedCommunication":
		return "impaired communication"
	case "NoSensorDataImpairedCommunication":
		return "no sensor data and impaired communication"
	}
	return "health “" + cut(fact(health), 40) + "”"
}

// caution says what was found out when the device was looked up.
func (v Views) caution(c approvals.Caution, dev approvals.Device) warning {
	switch c.Kind {
	case approvals.CautionOS:
		os := cut(fact(system(dev.OS)), 60)
		if os == "" {
			return warning{[]span{words("Defender does not say which operating system it has, so this may not work there.")}, "OS unknown", "OS unknown"}
		}
		return warning{[]span{words("It is not clear from Microsoft's pages whether this works on " + os + ".")}, "OS perhaps not supported", "OS unsure"}
	case approvals.CautionBusy:
		title := v.titled(c.Action)
		return warning{busy(c, title), "already running: " + title, "busy"}
	case approvals.CautionUnchecked:
		why := cut(sentence(c.Why), 200)
		return warning{[]span{words(strings.TrimSpace("I could not check what is running on it: " + lowered(why)))}, "not known what is running on it", "unchecked"}
	case approvals.CautionAsked:
		return warning{v.before(c), fmt.Sprintf("requested before (%s, %s)", c.Request, stood(c)), "requested before"}
	}
	return warning{[]span{words("A newer version of this bot noted something here that this one cannot show.")}, "see a newer version", "?"}
}

// titled is what an action is called on cards. Defender has more than the catalogue.
func (v Views) titled(action string) string {
	if a, known := v.Catalogue.Named(action); known {
		return a.Title
	}
	if action == "" {
		return "Something"
	}
	return cut(fact(action), 40)
}

// busy says what is under way on a device, since when, and who started it.
func busy(c approvals.Caution, title string) []span {
	spans := []span{words("Running on the device when I looked it up: " + title)}
	if !c.At.IsZero() {
		spans = append(spans, words(", since "), when(c.At))
	}
	starter := cut(fact(c.Starter), 60)
	switch {
	case c.Request != "":
		spans = append(spans, words(", requested by "), mention(c.By.ID), words(" as "), code(c.Request))
	case starter != "":
		spans = append(spans, words(", started by "+starter))
	default:
		spans = append(spans, words("; who started it is unknown"))
	}
	return append(spans, words(". Defender may refuse this."))
}

// before says that the same was asked for, by whom, and what became of it.
func (v Views) before(c approvals.Caution) []span {
	card := v.linkTo(c.Request, c.Channel, c.TS)
	return []span{words("The same was requested by "), mention(c.By.ID), words(", "), when(c.At), words(", as "), card, words(": " + stood(c) + ".")}
}

// stood is what had become of an earlier request on the device.
func stood(c approvals.Caution) string {
	line := stateLines()[c.State]
	if c.Call != "" {
		line = callWords()[c.Call]
	}
	_, said, _ := strings.Cut(line, " ")
	if said == "" {
		return "what became of it is unknown"
	}
	return lowered(said)
}

// lowered is a sentence as it goes on behind a colon, unless its first word is a name.
func lowered(s string) string {
	for _, name := range []string{"I ", "Defender", "Microsoft", "Slack", "Redis"} {
		if strings.HasPrefix(s, name) {
			return s
		}
	}
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

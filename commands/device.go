package commands

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
)

const (
	idLength      = 40  // what Defender's ids have: a SHA-1 in hex
	shortIDLength = 32  // what one example of Microsoft's has
	hexSuspect    = 16  // from here on, hex digits alone are an id gone wrong: Windows names end at 15
	maxName       = 253 // RFC 1123
	maxLabel      = 63
)

// parseDevice reads one device, quotes and markup already taken away. When it
// is none, why continues a sentence that begins with what was typed.
func parseDevice(s string) (d Device, why string) {
	switch {
	case s == "":
		return d, "names no device"
	case s[0] == '@' || s[0] == '#':
		return d, "is a mention in Slack, not a device"
	case isIP(s):
		return d, "is an IP address, and those move from device to device: give the host name or the device id"
	case isAddress(s):
		return parseAddress(s)
	case isHex(undotted(s)) && len(undotted(s)) >= hexSuspect:
		return parseID(undotted(s))
	case isGUID(s):
		return d, "is a GUID, perhaps the device's id in Entra: Defender's own device id is needed"
	case strings.Contains(s, domainMark):
		return parseDomainName(s)
	default:
		return parseName(s)
	}
}

// domainMark is between domain and name where Windows shows both.
const domainMark = `\`

// parseDomainName says what to leave out of DOMAIN\name. Defender does not know
// devices by it.
func parseDomainName(s string) (none Device, why string) {
	_, name, _ := strings.Cut(s, domainMark)
	d, why := parseName(name)
	if why != "" {
		return parseName(s)
	}
	return none, "has its domain in front, which is not needed: type “" + d.Name + "”"
}

func parseID(s string) (d Device, why string) {
	switch n := len(s); n {
	case idLength, shortIDLength:
		return Device{ID: strings.ToLower(s)}, ""
	case idLength - 1:
		return d, fmt.Sprintf("has %d characters, and a device id has %d: one is missing", n, idLength)
	case idLength + 1:
		return d, fmt.Sprintf("has %d characters, and a device id has %d: one is too many", n, idLength)
	default:
		return d, fmt.Sprintf("has %d characters, and a device id has %d (or %d)", n, idLength, shortIDLength)
	}
}

// parseName reads a host name as RFC 1123 has it, underscores tolerated.
func parseName(s string) (d Device, why string) {
	s = undotted(s)
	if len(s) > maxName {
		return d, fmt.Sprintf("is longer than a host name can be (%d characters)", maxName)
	}
	for label := range strings.SplitSeq(s, ".") {
		if why := labelProblem(label); why != "" {
			return d, "is not a host name: " + why
		}
	}
	return Device{Name: strings.ToLower(s)}, ""
}

// undotted is s without the dot that may end a host name, or a sentence.
func undotted(s string) string { return strings.TrimSuffix(s, ".") }

func labelProblem(label string) string {
	switch i := strings.IndexFunc(label, notInName); {
	case label == "":
		return "it has an empty part between its dots"
	case i >= 0 && isSpace(rune(label[i])):
		return "it cannot contain a space"
	case i >= 0:
		return "it cannot contain " + quote(string([]rune(label[i:])[:1]))
	case len(label) > maxLabel:
		return fmt.Sprintf("one of its parts has more than %d characters", maxLabel)
	case label[0] == '-' || label[len(label)-1] == '-':
		return "a part of it begins or ends with a hyphen"
	default:
		return ""
	}
}

func notInName(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
}

// isIP reports whether s is an IP address, with or without port or prefix, or
// could only be meant as one.
func isIP(s string) bool {
	if !strings.ContainsAny(s, ".:") {
		return false
	}
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return true
	}
	if _, err := netip.ParseAddrPort(s); err == nil {
		return true
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	return strings.Contains(s, ".") && strings.Trim(s, "0123456789.") == "" && strings.Trim(s, ".") != ""
}

func isHex(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF", r)
	})
}

// isGUID reports whether s is 8-4-4-4-12 hex digits.
func isGUID(s string) bool {
	const length = 36
	return len(s) == length && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		strings.Count(s, "-") == 4 && isHex(strings.ReplaceAll(s, "-", ""))
}

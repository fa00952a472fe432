package commands

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Passage is a piece of a message that is about devices.
type Passage struct {
	Label string // what it is called there, such as a field of an alert; mostly empty
	Text  string
	Plain bool // the text has none of Slack's markup
}

// Mentioned are the devices of a message, each once, in the order in which they stand
// there. Which of the names belongs to which of the ids nobody can tell.
type Mentioned struct {
	IDs, Names []Device
}

// Mentions finds the devices that a message is about: their ids, also in links to their
// pages in the portal, and host names where something beside them says that they are some.
// It leaves out what could be something else: a request for a device that was not meant
// costs more than one to be typed.
func Mentions(passages []Passage) Mentioned {
	var m Mentioned
	for _, p := range passages {
		text := p.Text
		if !p.Plain {
			text = readable(text)
		}
		text = hyphens(strings.Map(Legible, strings.ToValidUTF8(text, "\uFFFD")))
		for _, address := range addresses.FindAllString(text, -1) {
			m.addAddress(address)
		}
		text = addresses.ReplaceAllString(text, " ")
		m.findIDs(p.Label, text)
		m.findNames(p.Label, text)
	}
	return m
}

var (
	addresses = regexp.MustCompile("(?i)(?:https?://|security[a-z.]*/machines/)[^\\s<>|()\\[\\]\"'`]+")
	ids       = regexp.MustCompile(`\b[0-9A-Fa-f]{40}\b`)
	// What else has 40 hex digits.
	digests = regexp.MustCompile(`(?i)(?:sha[ _-]?1?|hash|digest|checksum|thumbprint|fingerprint|commit|certificate|signer)[^\n0-9]{0,16}$`)
)

const (
	farthest     = 100  // bytes before an id that can say that it is something else
	longestList  = 4096 // bytes behind a word that says that names follow
	mostMentions = 500  // far more than a request takes; a message can have any number
)

func (m *Mentioned) addAddress(address string) {
	if d, why := parseAddress(strings.TrimRight(address, ".,;:!?*_~")); why == "" {
		m.addID(d)
	}
}

func (m *Mentioned) addID(d Device) {
	if len(m.IDs) < mostMentions && !slices.Contains(m.IDs, d) {
		m.IDs = append(m.IDs, d)
	}
}

func (m *Mentioned) findIDs(label, text string) {
	for _, at := range ids.FindAllStringIndex(text, -1) {
		if !digests.MatchString(label) && !digests.MatchString(text[max(0, at[0]-farthest):at[0]]) {
			m.addID(Device{ID: strings.ToLower(text[at[0]:at[1]])})
		}
	}
}

// What says that a name is one of a device.
const called = `(?:(?:host|device|machine|computer)(?:[ _-]?names?|s)?|endpoint[ _-]?names?|fqdn)`

var (
	labels = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])` + called + "(?:\\(s\\))?[\"'`*_]*[ ]*([:=]?)[ \"'`*_]*")
	alone  = regexp.MustCompile(`(?i)^(?:(?:affected|impacted|infected|target|source) )?` + called + `(?:\(s\))?$`)
)

// findNames looks behind each word that says that a name follows, and below one that stands
// alone on its line.
func (m *Mentioned) findNames(label, text string) {
	whole := alone.MatchString(trimMarks(label))
	below := false
	for line := range strings.SplitSeq(text, "\n") {
		switch title := alone.MatchString(trimMarks(line)); {
		case title:
			below = true
			continue
		case whole || below:
			m.addNames(line, true)
		default:
			for _, at := range labels.FindAllStringSubmatchIndex(line, -1) {
				m.addNames(listAt(line[at[1]:]), at[3] > at[2])
			}
		}
		below = below && strings.TrimSpace(line) == ""
	}
}

func trimMarks(s string) string { return strings.Trim(s, " *_~`\"':") }

// addNames adds the names that a text begins with. Where nothing but a word like “host”
// stands before it, the name has to look like one.
func (m *Mentioned) addNames(text string, said bool) {
	first := true
	for item := range strings.FieldsFuncSeq(text, func(r rune) bool { return isComma(r) || r == ';' || r == '|' || r == '&' }) {
		word, rest := firstWord(item)
		name, ok := nameIn(word)
		plain := said && first && rest == ""
		if !ok || !plain && !unmistakable(name.Name, said) {
			return
		}
		m.addName(name)
		if !said || rest != "" {
			return
		}
		first = false
	}
}

// listAt is what a text begins with, as far as a list of devices goes. A name is not cut.
func listAt(text string) string {
	if len(text) <= longestList {
		return text
	}
	return text[:max(0, strings.LastIndexAny(text[:longestList], ",;|& "))]
}

// firstWord is the first word of a text, and what follows.
func firstWord(text string) (word, rest string) {
	text = strings.TrimSpace(text)
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return text[:i], strings.TrimSpace(text[i:])
	}
	return text, ""
}

// noNames are words that stand where a name could.
var noNames = strings.Fields(`none unknown null nil undefined localhost multiple several various all any true false yes no
	windows linux macos android ios online offline isolated active inactive`)

// files are endings of what is no host.
var files = strings.Fields(`exe dll sys ps1 bat cmd vbs js jar msi scr lnk sh py txt log zip iso doc docx xls xlsx pdf tmp dat json xml yaml`)

// nameIn is the host name that a word is.
func nameIn(word string) (Device, bool) {
	word = strings.Trim(word, ".,:;!?()[]{}<>*_~\"'“”‘’`$")
	if _, name, is := strings.Cut(word, domainMark); is {
		word = name
	}
	d, why := parseDevice(word)
	last := d.Name[strings.LastIndexByte(d.Name, '.')+1:]
	return d, why == "" && d.Name != "" && strings.ContainsFunc(d.Name, unicode.IsLetter) &&
		!slices.Contains(noNames, d.Name) && !slices.Contains(files, last)
}

// unmistakable reports whether a name looks like that of a host; more so where it has to
// stand by itself.
func unmistakable(name string, said bool) bool {
	if said {
		return looksLikeDevice(name)
	}
	digits := strings.ContainsAny(name, "0123456789")
	return unicode.IsLetter(rune(name[0])) && (digits && len(name) > 3 || strings.Count(name, ".") > 1)
}

// addName adds a name, unless it is there already, also with its domain.
func (m *Mentioned) addName(d Device) {
	for i, known := range m.Names {
		switch {
		case known == d || strings.HasPrefix(known.Name, d.Name+"."):
			return
		case strings.HasPrefix(d.Name, known.Name+"."):
			m.Names[i] = d
			return
		}
	}
	if len(m.Names) < mostMentions {
		m.Names = append(m.Names, d)
	}
}

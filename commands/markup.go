package commands

import "strings"

// Slack's entities. A replacer reads each once, so that "&amp;lt;" becomes
// "&lt;" and no more.
var unescape = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")

// readable turns Slack's markup into what a person reads: mentions into names,
// links into addresses, entities into characters. It is not idempotent: text
// is read once.
func readable(s string) string {
	if !strings.ContainsAny(s, "<&") { // most of what is typed
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(unescape.Replace(s))
			return b.String()
		}
		b.WriteString(unescape.Replace(s[:i]))
		n := markupLen(s[i:])
		if n == 0 {
			b.WriteByte('<')
			n = 1
		} else {
			b.WriteString(unescape.Replace(spoken(s[i+1 : i+n-1])))
		}
		s = s[i+n:]
	}
}

// markupLen is the length of the piece of markup that s begins with, or 0.
func markupLen(s string) int {
	if !strings.HasPrefix(s, "<") {
		return 0
	}
	end := strings.IndexAny(s[1:], "<>\n") + 1
	if end <= 1 || s[end] != '>' {
		return 0
	}
	if strings.IndexByte("@#!", s[1]) >= 0 || scheme(s[1:end]) != "" {
		return end + 1
	}
	return 0
}

// spoken is what the inside of a piece of markup says to a person.
func spoken(inside string) string {
	target, label, _ := strings.Cut(inside, "|")
	switch inside[0] {
	case '@', '#':
		return named(inside[:1], target[1:], label)
	case '!':
		return special(target[1:], label)
	default:
		return address(target, label)
	}
}

// named is a member or a channel: its name where Slack gave it, else its id.
func named(sign, id, label string) string {
	if label == "" {
		label = id
	}
	return sign + strings.TrimPrefix(label, sign)
}

// special is a user group, a date, or a word such as here.
func special(target, label string) string {
	kind, id, _ := strings.Cut(target, "^")
	switch kind {
	case "subteam":
		return named("@", id, label)
	case "here", "channel", "everyone":
		return "@" + kind
	}
	if label == "" {
		return target
	}
	return label
}

// address is where a link leads. The label counts only when it is what was
// typed before Slack made a link of it by adding a scheme: any other label
// could say one thing and lead to another.
func address(target, label string) string {
	added := scheme(target)
	if label == "" || strings.EqualFold(added, "https://") {
		return target
	}
	if strings.EqualFold(strings.Trim(label, "/"), strings.Trim(target[len(added):], "/")) {
		return label
	}
	return target
}

// scheme is the beginning of an address up to and with its colon and slashes,
// or nothing when s is no address.
func scheme(s string) string {
	for _, known := range []string{"https://", "http://", "mailto:", "tel:"} {
		if len(s) > len(known) && strings.EqualFold(s[:len(known)], known) {
			return s[:len(known)]
		}
	}
	return ""
}

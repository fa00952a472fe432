package audit

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// CEF is a record in ArcSight's Common Event Format, a line that any SIEM takes
// (https://docs.rsyslog.com/doc/rainerscript/functions/rs-cef_ext_escape.html has the rules for
// what is escaped). It is for reading: seals are about [Record.Line].
func (r Record) CEF(version string) (string, error) {
	if _, err := r.Line(); err != nil {
		return "", err
	}
	var e Entry
	if err := json.Unmarshal([]byte(r.Text), &e); err != nil {
		return "", fmt.Errorf("audit entry %s: %w", r.ID, err)
	}
	head := []string{"CEF:0", "defenderbot", "defenderbot", headText(version), headText(e.Event), headText(e.title()), strconv.Itoa(severity(e.Event))}
	return strings.Join(head, "|") + "|" + e.extension(r.ID) + "\n", nil
}

func (e Entry) title() string {
	return strings.TrimSpace(e.Event + " " + e.Action)
}

// severity is from 0 to 10: what somebody should look at is 8, what went against the rules 5.
func severity(event string) int {
	switch event {
	case "force", "freeze", "rules":
		return 8
	case "refused", "unfreeze":
		return 5
	}
	return 3
}

// extension has the fields of the format's dictionary where there are such, and its six
// custom strings for what is ours; fields that are named after us for the rest.
func (e Entry) extension(id string) string {
	call, version, count := "", "", ""
	if e.Call != nil {
		call = strconv.Itoa(*e.Call)
	}
	if e.Version != 0 {
		version = strconv.FormatInt(e.Version, 10)
	}
	if e.Count != 0 {
		count = strconv.Itoa(e.Count)
	}
	var fields []string
	for _, f := range [][2]string{
		{"externalId", id},
		{"rt", strconv.FormatInt(e.At.UnixMilli(), 10)},
		{"act", e.Action},
		{"suid", e.By},
		{"suser", e.Name},
		{"cnt", count},
		{"msg", e.Detail},
		{"cs1", e.Request},
		{"cs2", e.Device},
		{"cs3", e.From},
		{"cs4", e.To},
		{"cs5", e.Job},
		{"cs6", e.Channel},
		{"defenderbotVersion", version},
		{"defenderbotCall", call},
		{"defenderbotGrid", e.Grid},
		{"defenderbotTeam", e.Team},
		{"defenderbotTarget", e.Target},
	} {
		if f[1] == "" {
			continue
		}
		fields = append(fields, f[0]+"="+fieldText(f[1]))
		if label, ok := cefLabels[f[0]]; ok {
			fields = append(fields, f[0]+"Label="+label)
		}
	}
	return strings.Join(fields, " ")
}

var cefLabels = map[string]string{"cs1": "request", "cs2": "device", "cs3": "before", "cs4": "after", "cs5": "job", "cs6": "channel"}

// headText escapes what stands between the bars.
func headText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(oneLine(s))
}

// fieldText escapes the value of a field.
func fieldText(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\r", `\r`, "\n", `\n`).Replace(s)
	return oneLine(s)
}

// oneLine keeps what could end a line, or act on a terminal, out of it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

package app

import (
	"fmt"
	"strings"
	"time"

	"defenderbot/internal/audit"
)

// mostFindings is how many of them are written out.
const mostFindings = 100

// Summary says what a verification found, and what it could not look at.
func (t *Trail) Summary(r audit.Report, against int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "trail       %s\n", t.origin)
	if r.Newest.Number == 0 {
		b.WriteString("seals       none\n")
	} else {
		fmt.Fprintf(&b, "seals       %d to %d, the newest of %s\n", r.Oldest.Number, r.Newest.Number, r.Newest.At.Format(time.RFC3339))
	}
	fmt.Fprintf(&b, "entries     %d sealed, %d not yet\n", r.Entries, r.Unsealed)
	fmt.Fprintf(&b, "signatures  %s\n", t.signatures(r))
	if against > 0 {
		fmt.Fprintf(&b, "log         %d seals held against it\n", against)
	} else {
		b.WriteString("log         none: a tail that was cut off within the last two hours does not show (-against FILE)\n")
	}
	for _, f := range r.Findings[:min(len(r.Findings), mostFindings)] {
		fmt.Fprintf(&b, "%-11s %s\n", f.Kind, f.Text)
	}
	if more := len(r.Findings) - mostFindings; more > 0 {
		fmt.Fprintf(&b, "            and %d more\n", more)
	}
	if len(r.Findings) == 0 {
		b.WriteString("nothing sealed was changed\n")
	}
	return b.String()
}

func (t *Trail) signatures(r audit.Report) string {
	switch {
	case !t.config.AuditKey.Known() && r.Unsigned == r.Seals:
		return "none: whoever can write to Redis can make these seals (AUDIT_SIGNING_KEY_FILE)"
	case !t.config.AuditKey.Known():
		return "not checked: AUDIT_SIGNING_KEY_FILE is not set"
	case r.Unsigned > 0:
		return fmt.Sprintf("checked; %d seals have none", r.Unsigned)
	case r.Seals > 0 && len(r.Findings) == 0:
		return fmt.Sprintf("checked: all %d seals are signed, and each signature is good", r.Seals)
	}
	return "checked"
}

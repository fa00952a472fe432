package audit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/audit"
)

// TestCEF is one line, as a SIEM takes it.
func TestCEF(t *testing.T) {
	call := 0
	text, err := json.Marshal(audit.Entry{
		At: time.UnixMilli(1764504000123), Event: "send", Request: "D-7K3F9Q", Version: 4, Action: "isolate", Call: &call, Device: "d1", By: "U1", Grid: "W1",
		Name: "Ada | a=b", Team: "T1", Channel: "C1", From: "queued", To: "sending", Job: "j1", Target: "t1", Detail: "C:\\x\nsecond line", Count: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := audit.Record{ID: "1764504000124-0", Text: string(text)}.CEF("v1|2")
	want := `CEF:0|defenderbot|defenderbot|v1\|2|send|send isolate|3|externalId=1764504000124-0 rt=1764504000123 act=isolate suid=U1 ` +
		`suser=Ada | a\=b cnt=2 msg=C:\\x\nsecond line cs1=D-7K3F9Q cs1Label=request cs2=d1 cs2Label=device cs3=queued cs3Label=before ` +
		`cs4=sending cs4Label=after cs5=j1 cs5Label=job cs6=C1 cs6Label=channel defenderbotVersion=4 defenderbotCall=0 defenderbotGrid=W1 ` +
		"defenderbotTeam=T1 defenderbotTarget=t1\n"
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// FuzzCEF: whatever people wrote, a reader of the format finds it in its own field, and no field
// that we did not write.
func FuzzCEF(f *testing.F) {
	f.Add("Ada", `x cs1=D-FORGED act=isolate`, "approve")
	f.Add("a|b\\", "two\nlines\r\n=", "re|fused")
	f.Add(`\`, `\=`, `\|`)
	f.Add(" ", "\u2028\x00", "")
	f.Fuzz(func(t *testing.T, name, detail, event string) {
		text, err := json.Marshal(audit.Entry{At: noon, Event: event, Name: name, Detail: detail})
		if err != nil || !utf8.ValidString(name+detail+event) {
			return
		}
		line, err := audit.Record{ID: "1-0", Text: string(text)}.CEF("v1")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Fatalf("not one line: %q", line)
		}
		head, fields := readCEF(t, strings.TrimSuffix(line, "\n"))
		want := map[string]string{"externalId": "1-0", "rt": "1796040000123"}
		for k, v := range map[string]string{"suser": name, "msg": detail} {
			if v != "" {
				want[k] = spaced(v, "\n\r")
			}
		}
		if diff := cmp.Diff(want, fields); diff != "" {
			t.Errorf("%s\n%q", diff, line)
		}
		if head[4] != spaced(event, "") || len(head) != 7 {
			t.Errorf("head %q of %q", head, line)
		}
	})
}

// spaced is the text with spaces for what does not stay in a line.
func spaced(s, stay string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029) && !strings.ContainsRune(stay, r) {
			return ' '
		}
		return r
	}, s)
}

// readCEF reads the format by its own rules: bars end the parts of the head, and an equals sign that
// is not escaped ends a key, which begins after the last space.
func readCEF(t *testing.T, line string) (head []string, fields map[string]string) {
	t.Helper()
	part := ""
	for len(head) < 7 {
		if line == "" {
			t.Fatalf("a head of %d parts", len(head))
		}
		switch c := line[0]; c {
		case '\\':
			part, line = part+line[1:2], line[2:]
			continue
		case '|':
			head, part = append(head, part), ""
		default:
			part += string(c)
		}
		line = line[1:]
	}
	for i, p := range head { // it was put together byte by byte
		b := make([]byte, 0, len(p))
		for _, r := range p {
			b = append(b, byte(r))
		}
		head[i] = string(b)
	}
	return head, readFields(line)
}

func readFields(line string) map[string]string {
	fields := map[string]string{}
	var keys, values []string
	value := []byte{}
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
			value = append(value, map[byte]byte{'n': '\n', 'r': '\r', '\\': '\\', '=': '='}[line[i]])
		case '=':
			at := strings.LastIndexByte(string(value), ' ')
			keys = append(keys, string(value[at+1:]))
			if len(keys) > 1 {
				values = append(values, string(value[:at]))
			}
			value = value[:0]
		default:
			value = append(value, line[i])
		}
	}
	for i, v := range append(values, string(value)) {
		fields[keys[i]] = v
	}
	return fields
}

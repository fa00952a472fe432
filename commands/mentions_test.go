package commands

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMentions: what a message says of devices is found, and what only looks like one is
// left alone.
func TestMentions(t *testing.T) {
	const id, other = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07", "fb9ab6be3965095a09c057be7c90f0a2fb9ab6be"
	for text, want := range map[string]string{
		// ids
		"Device " + id:                            id,
		"on " + strings.ToUpper(id) + ".":         id,
		"`" + id + "`, again " + id + " " + other: id + " " + other,
		"SHA1: `" + id + "`":                      "",
		"sha1=" + id + " host=web-07":             "web-07",
		"file hash " + id:                         "",
		"reverted in commit " + id:                "",
		"signer thumbprint: " + id:                "",
		id + "0":                                  "",
		"0x" + id:                                 "",
		// the portal
		"<https://security.microsoft.com/machines/v2/" + id + "/overview?tid=1|srv-db-01>": id,
		"see https://security.microsoft.com/machines/" + id + ".":                          id,
		"security.microsoft.us/machines/" + id:                                             id,
		"[srv-db-01](https://security.microsoft.com/machines/" + id + ")":                  id,
		"https://security.microsoft.com.evil.example/machines/" + id:                       "",
		"https://www.virustotal.com/gui/file/" + id:                                        "",
		"https://security.microsoft.com/alerts/da637":                                      "",
		// names behind a word
		"Host: web-07":       "web-07",
		"*Host:* web-07":     "web-07",
		"*Host*: `web-07`":   "web-07",
		"*Hostname*\nweb-07": "web-07",
		"*Affected devices:*\nweb-07, web-08\nUser: ada": "web-07 web-08",
		"Host: fileserver": "fileserver",
		"host=web-07,user=ada src=10.0.0.5 dest=mail-1":    "web-07",
		"host=web-07 host=WEB-08.contoso.example":          "web-07 web-08.contoso.example",
		`{"DeviceName":"srv-db-01.contoso.example","n":1}`: "srv-db-01.contoso.example",
		"ComputerName=CONTOSO\\WS-042$ Logon_Type=10":      "ws-042",
		"Odd login on device lt-ada by ada":                "",
		"Odd login on device lt-ada-7 by ada":              "lt-ada-7",
		"on host srv-db.contoso.example, then it stopped":  "srv-db.contoso.example",
		"Host: <http://web-07.example|web-07.example>":     "web-07.example",
		"host web-07, later web-07.contoso.example":        "web-07",
		"Host: web-07\nFQDN: web-07.contoso.example":       "web-07.contoso.example",
		"FQDN: web-07.contoso.example\nHost: web-07":       "web-07.contoso.example",
		"Hosts: web-07, web-08 and others":                 "web-07 web-08",
		"device_name: ws\u2011042":                         "ws-042",
		"Machine: ws-1 (" + id + ")":                       id + " ws-1",
		// no names
		"Host: 10.0.0.5": "", "host=fe80::1": "", "User: ada@contoso.example": "", "Device: ada@contoso.example": "",
		"Device: unknown": "", "Hosts: multiple": "", "Device: Windows 10 Pro": "", "Device OS: Windows11": "", "Device count: 12 in total": "",
		"Microsoft Defender for Endpoint P2": "", "this machine is offline": "", "machine learning v2": "", "device driver.sys loaded": "",
		"Host: svchost.exe": "", "the host at 7am": "", "web-07 and svchost.exe and evil.example": "", "Computer: <@U1|ada>": "",
		"Device id: 80fe8ff8-2624-418e-9591-41f0491218f9": "", "Host: 8899aabbccddeeff0011": "", "ghost web-0789": "",
	} {
		if got := shown(Mentions([]Passage{{Text: text}})); got != want {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
}

// shown is what was found, ids first.
func shown(m Mentioned) string {
	var all []string
	for _, d := range append(m.IDs, m.Names...) {
		all = append(all, d.String())
	}
	return strings.Join(all, " ")
}

// TestMentionsLabels: a field that is called like a device holds names, and one that is
// called like a hash holds no id.
func TestMentionsLabels(t *testing.T) {
	id := strings.Repeat("ab", 20)
	for _, tt := range []struct{ label, text, want string }{
		{"Host", "web-07", "web-07"},
		{"Affected devices", "web-07\nweb-08", "web-07 web-08"},
		{"*Device:*", "fileserver", "fileserver"},
		{"Host name", "web-07 (10.0.0.5)", "web-07"},
		{"Host", "not known", ""},
		{"Host", "none", ""},
		{"Device group", "tier-0", ""},
		{"File", "web-07", ""},
		{"SHA1", id, ""},
		{"Device id", id, id},
	} {
		if got := shown(Mentions([]Passage{{Label: tt.label, Text: tt.text}})); got != tt.want {
			t.Errorf("%s of %q: found %q, want %q", tt.label, tt.text, got, tt.want)
		}
	}
}

// TestMentionsHuge: a message that names more devices than anybody asks for is read to its
// end, in a time that grows with its length alone: the form has to open within seconds.
func TestMentionsHuge(t *testing.T) {
	const lines = 50_000 // 2 MB
	var named, byID strings.Builder
	for i := range lines {
		fmt.Fprintf(&named, "host:web-%06d | ", i)
		fmt.Fprintf(&byID, "%040x ", i)
	}
	m := Mentions([]Passage{{Text: named.String()}, {Text: byID.String()}})
	if len(m.Names) != mostMentions || len(m.IDs) != mostMentions {
		t.Errorf("found %d names and %d ids, want %d each", len(m.Names), len(m.IDs), mostMentions)
	}
}

// TestMentionsListCut: where a list is too long to be read, no name is cut in two.
func TestMentionsListCut(t *testing.T) {
	for width := range 12 {
		var all strings.Builder
		for i := range longestList {
			fmt.Fprintf(&all, ",web-%0*d", 6+width, i)
		}
		m := Mentions([]Passage{{Text: "hosts: " + all.String()[1:]}})
		for i, d := range m.Names {
			if want := fmt.Sprintf("web-%0*d", 6+width, i); d.Name != want {
				t.Fatalf("found %q, want %q", d.Name, want)
			}
		}
		if len(m.Names) < 100 {
			t.Errorf("found %d names", len(m.Names))
		}
	}
}

// FuzzMentions: what is found in a text is what the form takes.
func FuzzMentions(f *testing.F) {
	f.Add("Host", "*Host:* web-07, CONTOSO\\ws-1 <https://security.microsoft.com/machines/"+strings.Repeat("a", 40)+"|x>")
	f.Fuzz(func(t *testing.T, label, text string) {
		g := testGrammar
		g.MaxDevices = 1 << 20
		m := Mentions([]Passage{{Label: label, Text: text}})
		found := append(m.IDs, m.Names...)
		if len(found) == 0 {
			return
		}
		ask, wrong := g.Fields("collect", strings.Join(strings.Fields(shown(m)), "\n"), "why")
		if diff := cmp.Diff(found, ask.Devices); diff != "" || wrong != (Wrong{}) {
			t.Errorf("%q: %+v (-found +read)\n%s", text, wrong, diff)
		}
	})
}

package commands

import (
	"fmt"
	"strings"
	"testing"
)

// TestFields: the fields of the form are read by the rules of a command.
func TestFields(t *testing.T) {
	id := strings.Repeat("ab", 20)
	for _, tt := range []struct{ action, devices, comment, want string }{
		{"collect", "ws-1", "odd login", `collect ws-1 "odd login"`},
		{"collect", "ws-1, WS-2\n" + strings.ToUpper(id), "  odd & <b>\n\n\nlate, again ", `collect ws-1,ws-2,` + id + ` "odd & <b>\n\nlate, again"`},
		{"collect", "“ws-1”;", "a &amp; <@U1>", "““ws-1”;” is not a host name: it cannot contain “””."},
		{"collect", "https://security.microsoft.com/machines/" + id + "?a=1&b=2 , ws-1,", "odd", `collect ` + id + `,ws-1 "odd"`},
		{"collect", "ws-1 ws-2\tws-3 ws-4", "odd", "4 devices were given, and one request takes at most 3."},
		{"collect", "ws-1 WS-1", "odd", "“ws-1” and “WS-1” are the same device; name it once."},
		{"collect", "CONTOSO\\ws-1", "odd", "“CONTOSO\\ws-1” has its domain in front, which is not needed: type “ws-1”."},
		{"collect", "10.0.0.1", "odd", "“10.0.0.1” is an IP address, and those move from device to device: give the host name or the device id."},
		{"collect", "\u200b , ", "odd", "Name at least one device. " + aboutDevices},
		{"collect", "ws-1", "\u200b“”", "Say why: whoever approves it reads this."},
		{"collect", "ws-1", strings.Repeat("ü", 1001), "The comment has 1001 characters; at most 1000 fit on the card."},
		{"isolate", "ws-1", "odd", "“isolate” is switched off here; choose another action."},
		{"", "ws-1", "odd", "Choose an action."},
		{"wipe", "", "", "Choose an action. | Name at least one device. " + aboutDevices + " | Say why: whoever approves it reads this."},
	} {
		ask, wrong := testGrammar.Fields(tt.action, tt.devices, tt.comment)
		var got []string
		for _, s := range []string{wrong.Action, wrong.Devices, wrong.Comment} {
			if s != "" {
				got = append(got, s)
			}
		}
		if len(got) == 0 {
			got = []string{fmt.Sprintf("%s %s %q", ask.Action, list(ask.Devices), ask.Comment)}
			checkCommand(t, ask)
		}
		if s := strings.Join(got, " | "); s != tt.want {
			t.Errorf("%q, %q, %q: %s\nwant %s", tt.action, tt.devices, tt.comment, s, tt.want)
		}
	}
}

package slackfake

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	tests := []struct{ name, block, want string }{
		{"channel link", section(`{"type":"mrkdwn","text":"<#C1|general> <!here>"}`), "#<C1> @here\n"},
		{"plain addresses", section(`{"type":"mrkdwn","text":"<https://x.example> <http://x.example|x.example>"}`), "https://x.example x.example\n"},
		{"mail", section(`{"type":"mrkdwn","text":"<mailto:a@x.example|a@x.example>"}`), "a@x.example\n"},
		{"date that cannot be read", section(`{"type":"mrkdwn","text":"<!date^soon^{time}|later>"}`), "later\n"},
		{"date in the zone", section(`{"type":"mrkdwn","text":"<!date^1772633000^{date_num} {time_secs}|later>"}`), "2026-03-04 15:03:20\n"},
		{"plain text is not resolved", section(`{"type":"plain_text","text":"<@U1> *x*"}`), "<@U1> *x*\n"},
		{"menu", actions(`{"type":"users_select","placeholder":` + plain(3) + `}`), "( xxx )\n"},
		{"accessory", `{"type":"section","text":` + plain(2) + `,"accessory":` + button("") + `}`, "xx\n[ x ]\n"},
		{"input", `{"type":"input","label":` + plain(2) + `,"element":{"type":"plain_text_input"}}`, "xx: ________\n"},
		{"image", `{"type":"image","image_url":"u","alt_text":"a map"}`, "[image: a map]\n"},
		{"markdown", `{"type":"markdown","text":"# x"}`, "# x\n"},
		{"another block", `{"type":"table"}`, "[table]\n"},
		{"bullets", rich(`{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]}]}`), "- a\n"},
		{"numbers", rich(`{"type":"rich_text_list","style":"ordered","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]}]}`), "1. a\n"},
		{"people", line(`{"type":"user","user_id":"U1"},{"type":"usergroup","usergroup_id":"S1"},{"type":"channel","channel_id":"C1"}`), "@<U1>@<S1>#<C1>\n"},
		{"links", line(`{"type":"link","url":"u"},{"type":"link","url":"u","text":"l"}`), "ul\n"},
		{"the rest", line(`{"type":"emoji","name":"wave"},{"type":"broadcast","range":"here"},{"type":"color","value":"#fff"}`), ":wave:@here#fff\n"},
		{"rich date", line(`{"type":"date","timestamp":1772633000,"format":"{time}"}`), "15:03\n"},
		{"rich date without time", line(`{"type":"date","format":"{time}","fallback":"later"}`), "later\n"},
	}
	name := func(id string) string { return "<" + id + ">" }
	for _, tt := range tests {
		got := Render(json.RawMessage("["+tt.block+"]"), name, time.FixedZone("", 3600))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestTranscript(t *testing.T) {
	s, c := start(t)
	if _, err := s.Say(ana, general, "host down @ben"); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Second)
	blocks := `[{"type":"header","text":{"type":"plain_text","text":"Approval"}},
		{"type":"section","text":{"type":"mrkdwn","text":"<@U0ANA> asks <!subteam^S0OPS> until <!date^1772633000^{date_short} {time}|soon>, see <https://x.example|the portal> &amp; act"},
		"fields":[{"type":"mrkdwn","text":"*Device*\nWEB-01"}]},
		{"type":"rich_text","elements":[{"type":"rich_text_quote","elements":[{"type":"text","text":"a <b>\nc"}]}]},
		{"type":"divider"},{"type":"context","elements":[{"type":"plain_text","text":"D-1"}]},` + buttons[1:]
	ts := bot(t, s, "chat.postMessage", form("channel", general, "text", "x", "blocks", blocks))["ts"].(string)
	bot(t, s, "chat.update", form("channel", general, "ts", ts, "text", "x", "blocks", blocks))
	bot(t, s, "chat.postMessage", form("channel", general, "thread_ts", ts, "text", "done &lt;ok&gt;"))
	bot(t, s, "chat.postEphemeral", form("channel", general, "user", ben, "text", "psst"))
	want := `14:03:07  Ana Ruiz
          host down @Ben Okoro
14:03:08  defenderbot APP  (edited)
          APPROVAL
          @Ana Ruiz asks @secops until Mar 4, 2026 14:03, see the portal (https://x.example) & act
          *Device* WEB-01
          > a <b>
          > c
          ----------
          D-1
          Go?
          [ Approve ] ( A )
    | 14:03:08  defenderbot APP
    |           done <ok>
`
	if diff := cmp.Diff(want, s.Transcript(general, ana)); diff != "" {
		t.Error(diff)
	}
	want += "14:03:08  defenderbot APP  (only visible to Ben Okoro)\n          psst\n"
	if diff := cmp.Diff(want, s.Transcript(general, ben)); diff != "" {
		t.Error(diff)
	}
}

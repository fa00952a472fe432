package sandbox

import (
	"encoding/json"

	"defenderbot/internal/slackfake"
)

// Alerts is the user of another app, which posts alerts.
const Alerts = "U0ALERTS"

// alert is what that app posts about a device, with attachments as such apps use them.
const alert = `[{"color":"danger","title":"High: hands-on-keyboard attack on srv-db-01",
 "title_link":"https://security.microsoft.com/incidents/42","fallback":"High: hands-on-keyboard attack on srv-db-01",
 "text":"A service account logged in at 03:04 from an address that it never used, and ran tools that administrators use.",
 "fields":[{"title":"Device","value":"<https://security.microsoft.com/machines/` + Server + `|srv-db-01.contoso.example>","short":true},
  {"title":"Account","value":"CONTOSO\\svc-sql","short":true}],
 "footer":"Sentinel"}]`

// Alert lets another app post an alert into a channel, and returns its ts.
func (p *Place) Alert(channel string) (ts string, err error) {
	return p.Slack.Post(Alerts, channel, slackfake.Content{Text: "New incident", Attachments: json.RawMessage(alert)})
}

package sandbox

import (
	"time"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

func (p *Place) people() {
	for _, u := range []slackfake.User{
		{ID: Ada, Name: "ada", RealName: "Ada (responder)"},
		{ID: Ben, Name: "ben", RealName: "Ben (responder)"},
		{ID: Grace, Name: "grace", RealName: "Grace (on call)"},
		{ID: Joan, Name: "joan", RealName: "Joan (on call)"},
		{ID: Lena, Name: "lena", RealName: "Lena (head of security)"},
		{ID: Gus, Name: "gus", RealName: "Gus (guest)", Guest: slackfake.MultiGuest},
		{ID: Elsa, Name: "elsa", RealName: "Elsa (partner)", TeamID: "T0PARTNER"},
		{ID: Alerts, Name: "sentinel", RealName: "Sentinel", Bot: true},
	} {
		p.Slack.AddUser(u)
	}
	p.Slack.AddGroup(slackfake.Group{ID: OnCall, Handle: "oncall", Name: "On call", Members: []string{Grace, Joan}})
	all := []string{Ada, Ben, Grace, Joan, Gus}
	p.Slack.AddChannel(slackfake.Channel{ID: Incident, Name: "incident-42", Bot: true, Members: append(all, Lena)})
	p.Slack.AddChannel(slackfake.Channel{ID: Random, Name: "random", Members: all})
	p.Slack.AddChannel(slackfake.Channel{ID: Security, Name: "security", Private: true, Bot: true, Members: []string{Grace, Joan, Lena}})
	p.Slack.AddChannel(slackfake.Channel{ID: Partners, Name: "partners", Bot: true, ExtShared: true, Members: append(all, Elsa)})
}

func (p *Place) devices(now time.Time) {
	day := 24 * time.Hour
	for _, d := range []defenderfake.Device{
		{
			ID: Server, ComputerDNSName: "srv-db-01.contoso.example", OSPlatform: "WindowsServer2022", Version: "21H2",
			LastSeen: now.Add(-20 * time.Minute), RiskScore: "High", MachineTags: []string{"tier-0", "db"},
		},
		{
			ID: Laptop, ComputerDNSName: "lt-ada.contoso.example", OSPlatform: "Windows11", Version: "23H2",
			LastSeen: now.Add(-3 * time.Hour), RiskScore: "Medium", MachineTags: []string{"laptop"},
		},
		{ID: Desktop, ComputerDNSName: "desktop-test123", OSPlatform: "Windows10", Version: "1709", LastSeen: now.Add(-day), RiskScore: "Low"},
		{ID: Linux, ComputerDNSName: "web-02.contoso.example", OSPlatform: "Linux", LastSeen: now.Add(-time.Hour), RiskScore: "Low"},
		{
			ID: Offline, ComputerDNSName: "kiosk-7", OSPlatform: "Windows10", Version: "22H2", HealthStatus: "Inactive",
			LastSeen: now.Add(-20 * day), ActionEnd: defenderfake.ActionPending, InvestigationEnd: "Queued",
		},
		{
			ID: Away, ComputerDNSName: "lt-field-3.contoso.example", OSPlatform: "Windows11", Version: "23H2", HealthStatus: "Inactive",
			LastSeen: now.Add(-8 * day), RiskScore: "Low", PickUpAfter: time.Minute,
		},
		{
			ID: Old, ComputerDNSName: "ws-17.contoso.example", OSPlatform: "Windows10", Version: "22H2", HealthStatus: "Inactive",
			LastSeen: now.Add(-9 * day), IsPotentialDuplication: true,
		},
		{
			ID: New, ComputerDNSName: "ws-17.contoso.example", OSPlatform: "Windows11", Version: "24H2",
			LastSeen: now.Add(-5 * time.Minute), IsPotentialDuplication: true,
		},
		{
			ID: Silent, ComputerDNSName: "lt-hq-5.contoso.example", OSPlatform: "Windows11", Version: "23H2", HealthStatus: "NoSensorData",
			LastSeen: now.Add(-2 * day), RiskScore: "Medium", MachineTags: []string{"laptop"},
		},
		{
			ID: Busy, ComputerDNSName: "srv-file-02.contoso.example", OSPlatform: "WindowsServer2019", Version: "1809",
			LastSeen: now.Add(-10 * time.Minute), RiskScore: "Low", MachineTags: []string{"files"},
		},
		{
			ID: Legacy, ComputerDNSName: "srv-erp-01.contoso.example", OSPlatform: "WindowsServer2012R2",
			LastSeen: now.Add(-30 * time.Minute), RiskScore: "Medium", MachineTags: []string{"erp"},
		},
	} {
		p.Defender.AddDevice(d)
	}
}

package bot

import (
	"time"

	"defenderbot/approvals"
)

// cautions are what can be found out about a device, by name.
func cautions() map[string]approvals.Caution {
	return map[string]approvals.Caution{
		"os-unknown": {Kind: approvals.CautionOS},
		"busy-ours":  {Kind: approvals.CautionBusy, Action: "scan", Request: "D-2M8XKW", By: person(grace), At: after(-90)},
		"busy":       {Kind: approvals.CautionBusy, Action: "scan-quick", Starter: "analyst@contoso.example", At: after(-30)},
		"busy-word":  {Kind: approvals.CautionBusy, Action: "LiveResponse"},
		"unchecked":  {Kind: approvals.CautionUnchecked, Why: approvals.Why{Reason: approvals.ReadsUsedUp}},
		"unreadable": {Kind: approvals.CautionUnchecked, Why: approvals.Why{Reason: approvals.MissingRole, Detail: "Machine.Read.All"}},
		"asked": {
			Kind: approvals.CautionAsked, Request: "D-2M8XKW", By: person(grace), At: after(-60), State: approvals.Done, Call: approvals.Succeeded,
			Channel: room, TS: "1763729000.000100",
		},
		"asked-denied": {Kind: approvals.CautionAsked, Request: "D-2M8XKW", By: person(grace), At: after(-5 * 60), State: approvals.Denied},
		"later":        {Kind: "of-a-later-version"},
	}
}

// with is a request for a scan of one device, with what is told of it.
func with(change func(*approvals.Device)) approvals.Request {
	r := pending("scan", 1)
	r.Devices[0] = device(1)
	change(&r.Devices[0])
	return r
}

// doubts is a device with everything that can be wrong with one.
func doubts(d *approvals.Device) {
	d.Onboarding, d.Health, d.LastSeen = "CanBeOnboarded", "NoSensorDataImpairedCommunication", after(-20*24*60)
	for _, name := range []string{"os-unknown", "busy", "asked"} {
		d.Cautions = append(d.Cautions, cautions()[name])
	}
}

// wrongOS is a request that was rejected because of one of its devices.
func wrongOS() approvals.Request {
	r := notFound()
	r.Ended.Why = approvals.Why{
		Reason: approvals.UnsupportedOS, Detail: "web-02.contoso.example (Linux); it works on Windows 10 version 1709 and later, Windows 11, Windows Server 2019 and later, Azure Stack HCI OS 23H2 and later. " +
			"Ask again without that device; “scan” works there",
	}
	r.Devices = []approvals.Device{{Name: "lt-ada.contoso.example"}, {Name: "web-02.contoso.example"}}
	return r
}

// doubtfulRequests are requests for devices of which an approver should think twice.
func doubtfulRequests() map[string]approvals.Request {
	samples := map[string]approvals.Request{
		"pending-offline":       with(func(d *approvals.Device) { d.Health, d.LastSeen = "Inactive", after(-20*24*60) }),
		"pending-inactive":      with(func(d *approvals.Device) { d.Health, d.LastSeen = "Inactive", time.Time{} }),
		"pending-not-onboarded": with(func(d *approvals.Device) { d.Onboarding = "CanBeOnboarded" }),
		"pending-no-sensor":     with(func(d *approvals.Device) { d.Health = "NoSensorData" }),
		"pending-odd-health":    with(func(d *approvals.Device) { d.Health = "Sleepy" }),
		"pending-no-os":         with(func(d *approvals.Device) { d.OS, d.Cautions = "", []approvals.Caution{{Kind: approvals.CautionOS}} }),
		"pending-all-doubts":    with(doubts),
		"rejected-os":           wrongOS(),
	}
	for name, c := range cautions() {
		samples["pending-"+name] = with(func(d *approvals.Device) {
			d.Cautions = []approvals.Caution{c}
			if c.Kind == approvals.CautionOS {
				d.OS = "WindowsServer2012R2"
			}
		})
	}
	some, all := pending("scan", 4), pending("scan", 20)
	doubts(&some.Devices[1])
	for i := range all.Devices {
		doubts(&all.Devices[i])
	}
	samples["pending-some-doubts"], samples["pending-many-doubts"] = some, all
	return samples
}

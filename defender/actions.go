package defender

import "time"

// Names of exclusion groups.
const (
	isolation   = "isolation"
	restriction = "restriction"
	scanning    = "scanning"
)

// actionLife is how long an action waits for a device that is offline, three days
// (https://learn.microsoft.com/defender-endpoint/respond-machine-alerts), and a little more.
const actionLife = 3*24*time.Hour + time.Hour

// Actions returns everything that can be asked of a device. The caller owns the
// answer. Adding an action is adding a row; CONTRIBUTING.md names the other places.
func Actions() Catalogue {
	return Catalogue{
		{
			Name:  "investigate",
			Title: "Start automated investigation",
			Effect: "Defender examines the device for threats. Where full automation is switched on it may also " +
				"remediate what it finds without asking again: quarantine files, stop services, remove scheduled tasks. " +
				"There is no API to stop it.",
			// Message Center MC1411577 of 1 July 2026.
			Ended: &Ending{
				Since:     time.Date(2026, time.September, 1, 0, 0, 0, 0, time.UTC),
				Notice:    "Microsoft says that investigations cannot be started by hand since 1 September 2026, and that full antivirus scans replace them.",
				Successor: "scan",
				QueuedFor: 24 * time.Hour,
			},
			Harmless: true,
			Page:     "https://learn.microsoft.com/defender-endpoint/api/initiate-autoir-investigation",
			Post:     Endpoint{Name: "startInvestigation", Limits: []Limit{{Calls: 50, Per: time.Hour}}},
			Role:     "Alert.ReadWrite.All",
			Tracks:   TrackInvestigations,
			// A remediation that nobody approves lapses after 7 days.
			Horizon:   7*24*time.Hour + time.Hour,
			Supported: "Windows 10 version 1709 and later, Windows 11, Windows Server 2019 and later, Azure Stack HCI OS 23H2 and later",
			Platforms: windows("1709", servers()...),
		},
		{
			Name:  "collect",
			Title: "Collect investigation package",
			Effect: "Defender gathers a forensic package on the device. Nothing changes there, but the package holds sensitive " +
				"data: the security event log, users and groups, running processes, network and DNS history.",
			Success:   "The package is ready: open the device in the portal, then Action center.",
			Harmless:  true,
			Page:      "https://learn.microsoft.com/defender-endpoint/api/collect-investigation-package",
			Post:      Endpoint{Name: "collectInvestigationPackage", Limits: usualLimits()},
			Type:      "CollectInvestigationPackage",
			Role:      "Machine.CollectForensics",
			Tracks:    TrackMachineActions,
			BusyIs400: true,
			Horizon:   actionLife,
			Supported: "Windows 10 version 1703 and later, Windows 11, Windows Server, macOS, Linux",
			Platforms: windows("1703", append(servers(), unixes()...)...),
		},
		scan("scan", "Full", "Run full antivirus scan",
			"Defender Antivirus reads every file on the device, beside another antivirus too. That can take hours and slow the device down. "+
				"What it finds is dealt with as the device's policy says, which can mean that files are quarantined."),
		scan("scan-quick", "Quick", "Run quick antivirus scan",
			"Defender Antivirus looks where malware usually starts, beside another antivirus too; mostly that takes minutes. "+
				"What it finds is dealt with as the device's policy says, which can mean that files are quarantined."),
		isolate("isolate", "Full", "Isolate device",
			"Cuts the device off the network: all connections end but the one to Defender, remote sessions and VPN too, and its user cannot work online. "+
				"It stays like that until it is released (unisolate). Behind a full-tunnel VPN it loses Defender as well, and then cannot be released from here.",
			"Windows 10 version 1703 and later, Windows 11, Windows Server, macOS, Linux",
			windows("1703", append(servers(), unixes()...)...)),
		isolate("isolate-selective", "Selective", "Isolate device selectively",
			"Cuts the device off the network: all connections end but those to Defender, Outlook, Teams and Skype for Business and what your exclusions allow. "+
				"It stays like that until it is released (unisolate). Behind a full-tunnel VPN it loses Defender as well, and then cannot be released from here.",
			"Windows 10 version 1709 and later, Windows 11",
			windows("1709")),
		{
			Name:  "unisolate",
			Title: "Release device from isolation",
			Effect: "Connects the device to the network again. Whatever made somebody isolate it can go on from there, " +
				"so make sure that it has been dealt with.",
			Success:   "The device is connected to the network again.",
			Page:      "https://learn.microsoft.com/defender-endpoint/api/unisolate-machine",
			Post:      Endpoint{Name: "unisolate", Limits: usualLimits()},
			Type:      "Unisolate",
			Excludes:  isolation,
			Role:      "Machine.Isolate",
			Tracks:    TrackMachineActions,
			Horizon:   actionLife,
			Supported: "Windows 10 version 1703 and later, Windows 11, Windows Server, macOS, Linux",
			Platforms: windows("1703", append(servers(), unixes()...)...),
		},
		{
			Name:  "restrict",
			Title: "Restrict app execution",
			Effect: "Only programs signed by Microsoft can be started on the device; everything else its user works with is blocked, " +
				"with a message. It stays like that until it is taken back (unrestrict). It needs Defender Antivirus on the device.",
			Success:   "Only programs signed by Microsoft can be started on the device.",
			Undo:      "unrestrict",
			Page:      "https://learn.microsoft.com/defender-endpoint/api/restrict-code-execution",
			Post:      Endpoint{Name: "restrictCodeExecution", Limits: usualLimits()},
			Type:      "RestrictCodeExecution",
			Excludes:  restriction,
			Role:      "Machine.RestrictExecution",
			Tracks:    TrackMachineActions,
			Horizon:   actionLife,
			Supported: "Windows 10 version 1709 and later, Windows 11",
			Platforms: windows("1709"),
		},
		{
			Name:  "unrestrict",
			Title: "Remove app restriction",
			Effect: "All programs can be started on the device again. Whatever made somebody restrict it can start too, " +
				"so make sure that it has been dealt with.",
			Success:   "All programs can be started on the device again.",
			Page:      "https://learn.microsoft.com/defender-endpoint/api/unrestrict-code-execution",
			Post:      Endpoint{Name: "unrestrictCodeExecution", Limits: usualLimits()},
			Type:      "UnrestrictCodeExecution",
			Excludes:  restriction,
			Role:      "Machine.RestrictExecution",
			Tracks:    TrackMachineActions,
			Horizon:   actionLife,
			Supported: "Windows 10 version 1709 and later, Windows 11",
			Platforms: windows("1709"),
		},
	}
}

// scan is a row of runAntiVirusScan.
func scan(name, scope, title, effect string) Action {
	return Action{
		Name: name, Title: title, Effect: effect,
		// https://github.com/MicrosoftDocs/windows-itpro-docs/issues/4649
		Success:  "The scan has finished. What it found, if anything, shows as alerts in the portal; the API does not report it.",
		Harmless: true,
		Page:     "https://learn.microsoft.com/defender-endpoint/api/run-av-scan",
		Post:     Endpoint{Name: "runAntiVirusScan", Limits: usualLimits()},
		Fields:   map[string]string{"ScanType": scope},
		Type:     "RunAntiVirusScan", Scope: scope, Excludes: scanning,
		Role: "Machine.Scan", Tracks: TrackMachineActions, Horizon: actionLife,
		Supported: "Windows 10 version 1709 and later, Windows 11, Windows Server, macOS, Linux",
		Platforms: windows("1709", append(servers(), unixes()...)...),
	}
}

// isolate is a row of the endpoint of that name.
func isolate(name, scope, title, effect, supported string, platforms []Platform) Action {
	return Action{
		Name: name, Title: title, Effect: effect,
		Success: "The device is isolated.", Undo: "unisolate",
		Page:   "https://learn.microsoft.com/defender-endpoint/api/isolate-machine",
		Post:   Endpoint{Name: "isolate", Limits: usualLimits()},
		Fields: map[string]string{"IsolationType": scope},
		Type:   "Isolate", Scope: scope, Excludes: isolation,
		Role: "Machine.Isolate", Tracks: TrackMachineActions, Horizon: actionLife,
		Supported: supported, Platforms: platforms,
	}
}

// windows are Windows 10 from a release on and Windows 11, with more.
func windows(since string, more ...Platform) []Platform {
	return append([]Platform{{windows10, since}, {OS: windows11}}, more...)
}

// servers are those of which nobody asks which agent they have: that decides on 2012 R2 and
// 2016 (https://learn.microsoft.com/defender-endpoint/supported-capabilities-by-platform).
func servers() []Platform { return []Platform{{windowsServer, "2019"}} }

// unixes are named by the same page.
func unixes() []Platform { return []Platform{{OS: macOS}, {OS: linux}} }

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
			Verb:  "Investigate",
			Effect: "May quarantine files, stop services and remove scheduled tasks by itself, where full automation is switched on. " +
				"Cannot be stopped once sent.",
			// Message Center MC1411577 of 1 July 2026.
			Ended: &Ending{
				Since:     time.Date(2026, time.September, 1, 0, 0, 0, 0, time.UTC),
				Notice:    "Microsoft says that since 1 September 2026 investigations can no longer be started by hand; full antivirus scans replace them.",
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
			Verb:  "Collect evidence package from",
			Effect: "Changes nothing on the device, but the package holds sensitive data: the security event log, users and groups, " +
				"running processes, network and DNS history.",
			Success:   "The package is ready. Press “Get package” on the card, or look in the device's Action center in the portal.",
			Package:   true,
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
		scan("scan", "Full", "Run full antivirus scan", "Run a full scan on",
			"Checks every file, even where another antivirus is in charge: can take hours and slow the device down. "+quarantines),
		scan("scan-quick", "Quick", "Run quick antivirus scan", "Run a quick scan on",
			"Checks the places where malware usually starts, even where another antivirus is in charge: usually takes minutes. "+quarantines),
		also([]string{"quarantine", "contain"}, isolate("isolate", "Full", "Isolate device", "Isolate",
			"Cuts the device off from the network: all its connections end, remote sessions and VPN too; only the one to Defender stays. "+
				"Its user cannot work online. "+staysIsolated,
			"The device was cut off from the network.",
			"Windows 10 version 1703 and later, Windows 11, Windows Server, macOS, Linux",
			windows("1703", append(servers(), unixes()...)...))),
		isolate("isolate-selective", "Selective", "Isolate device selectively", "Selectively isolate",
			"Cuts the device off from the network, except for Outlook, Teams, Skype for Business and what your isolation exclusions allow: "+
				"all other connections end, remote sessions and VPN too; the one to Defender stays. "+staysIsolated,
			"The device was cut off from the network, except for what selective isolation lets through.",
			"Windows 10 version 1709 and later, Windows 11",
			windows("1709")),
		{
			Name:  "unisolate",
			Also:  []string{"release", "reconnect"},
			Title: "Release device from isolation",
			Verb:  "End the isolation of",
			Effect: "Connects the device to the network again. If what it was isolated for is still there, it can spread again: " +
				"make sure first that it has been dealt with.",
			Success:   "The device was connected to the network again.",
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
			Verb:  "Restrict apps on",
			Effect: "Blocks all programs that are not signed by Microsoft, including those its user works with; the user sees a message. " +
				"It stays so until somebody takes it back (unrestrict). Works only where Defender Antivirus runs.",
			Success:   "The device was restricted to programs signed by Microsoft.",
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
			Verb:  "Lift the app restriction on",
			Effect: "All programs can be started on the device again. If what it was restricted for is still there, it can start again: " +
				"make sure first that it has been dealt with.",
			Success:   "The restriction was removed: all programs can be started on the device again.",
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

// Sentences of more than one row.
const (
	quarantines = "Files may be quarantined, as the device's policy says."
	// https://learn.microsoft.com/defender-endpoint/respond-machine-alerts
	staysIsolated = "It stays so until somebody releases it (unisolate). A device behind a full-tunnel VPN loses Defender too, " +
		"and then cannot be released from here."
)

// scan is a row of runAntiVirusScan.
func scan(name, scope, title, verb, effect string) Action {
	return Action{
		Name: name, Title: title, Verb: verb, Effect: effect,
		// https://github.com/MicrosoftDocs/windows-itpro-docs/issues/4649
		Success:  "The scan has finished. Whatever it found shows as alerts in the portal; Defender does not report it here.",
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

// also is a row that has other words for it.
func also(words []string, row Action) Action {
	row.Also = words
	return row
}

// isolate is a row of the endpoint of that name.
func isolate(name, scope, title, verb, effect, success, supported string, platforms []Platform) Action {
	return Action{
		Name: name, Title: title, Verb: verb, Effect: effect,
		Success: success, Undo: "unisolate",
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

package defender

import (
	"slices"
	"strconv"
	"strings"
)

// Platform is an operating system that an action works on, as the vendor's pages name it.
type Platform struct {
	// OS is how Defender's word for it begins: "Windows10", "WindowsServer", "Linux".
	OS string
	// Since is the oldest version: of Windows a release such as "1709" or "20H2", of
	// Windows Server the year. Empty: all of them.
	Since string
}

// Verdict is whether an action works on an operating system.
type Verdict string

// The verdicts. The zero value is none.
const (
	// Unsure is what the pages do not say, or what cannot be told from Defender's words.
	Unsure Verdict = "unsure"
	// Works is what they name.
	Works Verdict = "works"
	// Fails is what they exclude: a call there cannot succeed.
	Fails Verdict = "fails"
)

// The operating systems that are told apart. Defender's words for them are an open set
// (https://learn.microsoft.com/defender-endpoint/api/machine).
const (
	windows10     = "Windows10"
	windows11     = "Windows11"
	windowsServer = "WindowsServer"
	macOS         = "macOS"
	linux         = "Linux"

	windowsBefore10 = "Windows before 10"
	mobile          = "mobile"
)

// families are how words begin, in lower case; the longest that fits counts. Words with
// "linux" in them are Linux all the same.
func families() map[string]string {
	return map[string]string{
		"windows10": windows10, "windows11": windows11, "windowsserver": windowsServer,
		"windowsxp": windowsBefore10, "windowsvista": windowsBefore10, "windows7": windowsBefore10, "windows8": windowsBefore10,
		"macos": macOS, "macosx": macOS,
		"ubuntu": linux, "debian": linux, "redhat": linux, "rhel": linux, "centos": linux, "suse": linux, "sles": linux,
		"opensuse": linux, "fedora": linux, "rocky": linux, "almalinux": linux, "mariner": linux,
		"ios": mobile, "ipados": mobile, "android": mobile,
	}
}

// Supports reports whether the action works on an operating system, by Defender's words for
// it and its version. It says [Fails] only of what the vendor's pages exclude: the action's
// own [Action.Page], and the table of
// https://learn.microsoft.com/defender-endpoint/supported-capabilities-by-platform.
func (a Action) Supports(os, version string) Verdict {
	family := familyOf(os)
	if family == windowsServer {
		// An agent decides about the old ones, which Defender does not show.
		version = yearOf(os)
	}
	for _, p := range a.Platforms {
		if p.OS == family {
			return p.takes(version)
		}
	}
	if slices.Contains([]string{windowsBefore10, macOS, linux, mobile}, family) && len(a.Platforms) > 0 {
		return Fails
	}
	return Unsure
}

// takes is whether a version is new enough.
func (p Platform) takes(version string) Verdict {
	if p.Since == "" {
		return Works
	}
	oldest, is := release(p.Since)
	this, ok := release(version)
	switch {
	case !is || !ok:
		return Unsure
	case this >= oldest:
		return Works
	case p.OS == windowsServer:
		return Unsure
	}
	return Fails
}

// familyOf is the operating system that a word is about; empty: one that is not known.
func familyOf(os string) string {
	word := strings.ToLower(strings.Join(strings.Fields(os), ""))
	best := ""
	for prefix := range families() {
		if strings.HasPrefix(word, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	if best == "" && strings.Contains(word, "linux") {
		return linux
	}
	return families()[best]
}

// yearOf is the year in the name of a Windows Server: "2012" of "WindowsServer2012R2".
func yearOf(os string) string {
	rest := strings.Join(strings.Fields(os), "")[len(windowsServer):]
	return rest[:min(len(rest), len("2019"))]
}

// release puts the releases of Windows, and years, in order: "1709", "2004", "20H2", "2019".
// It reports whether it is one.
func release(version string) (order int, is bool) {
	if len(version) != len("1709") {
		return 0, false
	}
	if year, half, ok := strings.Cut(strings.ToUpper(version), "H"); ok {
		// The first half of a year came about May, the second about October.
		version = year + map[string]string{"1": "05", "2": "10"}[half]
	}
	n, err := strconv.ParseUint(version, 10, 16)
	return int(n), err == nil && len(version) == len("1709")
}

package defender_test

import (
	"slices"
	"testing"

	"defenderbot/defender"
)

// TestSupports holds each row to its page and to the table of
// https://learn.microsoft.com/defender-endpoint/supported-capabilities-by-platform, copied a
// second time.
func TestSupports(t *testing.T) {
	const (
		yes, no, unsure = defender.Works, defender.Fails, defender.Unsure
	)
	for _, tt := range []struct {
		os, version string
		want        map[string]defender.Verdict // "": of all other rows
	}{
		{"Windows11", "23H2", map[string]defender.Verdict{"": yes}},
		{"Windows11", "", map[string]defender.Verdict{"": yes}},
		{"windows11", "a version to come", map[string]defender.Verdict{"": yes}},
		{"Windows10", "22H2", map[string]defender.Verdict{"": yes}},
		{"Windows10", "2004", map[string]defender.Verdict{"": yes}},
		{"Windows10", "1709", map[string]defender.Verdict{"": yes}},
		{"Windows10WVD", "20H2", map[string]defender.Verdict{"": yes}},
		{"Windows10", "1703", map[string]defender.Verdict{"": no, "collect": yes, "isolate": yes, "unisolate": yes}},
		{"Windows10", "1607", map[string]defender.Verdict{"": no}},
		{"Windows10", "", map[string]defender.Verdict{"": unsure}},
		{"Windows10", "10.0.19045", map[string]defender.Verdict{"": unsure}},
		{"Windows7", "", map[string]defender.Verdict{"": no}},
		{"Windows8.1", "", map[string]defender.Verdict{"": no}},
		{"Windows8Blue", "9600", map[string]defender.Verdict{"": no}},
		{"WindowsServer2022", "21H2", map[string]defender.Verdict{"": yes, "isolate-selective": unsure, "restrict": unsure, "unrestrict": unsure}},
		{"WindowsServer2019", "1809", map[string]defender.Verdict{"": yes, "isolate-selective": unsure, "restrict": unsure, "unrestrict": unsure}},
		{"WindowsServer2016", "1607", map[string]defender.Verdict{"": unsure}},
		{"WindowsServer2012R2", "", map[string]defender.Verdict{"": unsure}},
		{"WindowsServer2008R2", "", map[string]defender.Verdict{"": unsure}},
		{"WindowsServer", "1803", map[string]defender.Verdict{"": unsure}},
		{"macOS", "15.1", map[string]defender.Verdict{"": yes, "investigate": no, "isolate-selective": no, "restrict": no, "unrestrict": no}},
		{"Linux", "", map[string]defender.Verdict{"": yes, "investigate": no, "isolate-selective": no, "restrict": no, "unrestrict": no}},
		{"Ubuntu", "22.04", map[string]defender.Verdict{"": yes, "investigate": no, "isolate-selective": no, "restrict": no, "unrestrict": no}},
		{"AmazonLinux", "2023", map[string]defender.Verdict{"": yes, "investigate": no, "isolate-selective": no, "restrict": no, "unrestrict": no}},
		{"iOS", "18.1", map[string]defender.Verdict{"": no}},
		{"Android", "14", map[string]defender.Verdict{"": no}},
		{"ChromeOS", "", map[string]defender.Verdict{"": unsure}},
		{"AzureStackHCI", "23H2", map[string]defender.Verdict{"": unsure}},
		{"Windows12", "", map[string]defender.Verdict{"": unsure}},
		{"", "", map[string]defender.Verdict{"": unsure}},
	} {
		for _, a := range defender.Actions() {
			want, own := tt.want[a.Name]
			if !own {
				want = tt.want[""]
			}
			if got := a.Supports(tt.os, tt.version); got != want {
				t.Errorf("%s on %q %q: %s, want %s", a.Name, tt.os, tt.version, got, want)
			}
		}
	}
	if got := (defender.Action{}).Supports("Linux", ""); got != unsure {
		t.Errorf("a row of which nothing is known: %s", got)
	}
}

// TestCatalogueBeside has the types that cannot run beside each action.
func TestCatalogueBeside(t *testing.T) {
	for name, want := range map[string][]string{
		"investigate": nil,
		"collect":     {"CollectInvestigationPackage"},
		"scan":        {"RunAntiVirusScan"},
		"unisolate":   {"Unisolate", "Isolate"},
		"restrict":    {"RestrictCodeExecution", "UnrestrictCodeExecution"},
	} {
		rows := defender.Actions()
		a, _ := rows.Named(name)
		if got := rows.Beside(a); !slices.Equal(got, want) {
			t.Errorf("beside %s: %q, want %q", name, got, want)
		}
	}
}

// TestCatalogueOf finds the row of what somebody else may have started.
func TestCatalogueOf(t *testing.T) {
	for _, tt := range []struct {
		job  defender.Job
		want string
	}{
		{defender.Job{Tracks: defender.TrackMachineActions, Type: "Isolate", Scope: "Selective"}, "isolate-selective"},
		{defender.Job{Tracks: defender.TrackMachineActions, Type: "RunAntiVirusScan", Scope: "Quick"}, "scan-quick"},
		{defender.Job{Tracks: defender.TrackInvestigations}, "investigate"},
		{defender.Job{Tracks: defender.TrackMachineActions, Type: "LiveResponse"}, ""},
	} {
		if got, _ := defender.Actions().Of(tt.job); got.Name != tt.want {
			t.Errorf("%+v is of %q, want %q", tt.job, got.Name, tt.want)
		}
	}
}

// TestSupportsOrder has releases around the year in which their names changed.
func TestSupportsOrder(t *testing.T) {
	releases := []string{"1507", "1709", "1909", "2004", "20H2", "21H1", "21H2", "23h2", "24H2"}
	for i, oldest := range releases {
		a := defender.Action{Platforms: []defender.Platform{{OS: "Windows10", Since: oldest}}}
		for k, version := range releases {
			want := defender.Works
			if k < i {
				want = defender.Fails
			}
			if got := a.Supports("Windows10", version); got != want {
				t.Errorf("%s where it takes %s: %s, want %s", version, oldest, got, want)
			}
		}
		for _, odd := range []string{"", "H2H2", "20H3", "-709", "17.09", "17090"} {
			if got := a.Supports("Windows10", odd); got != defender.Unsure {
				t.Errorf("%q where it takes %s: %s, want unsure", odd, oldest, got)
			}
		}
	}
}

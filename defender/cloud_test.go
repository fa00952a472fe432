package defender_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

func TestClouds(t *testing.T) {
	const (
		login, gov = "https://login.microsoftonline.com", "https://login.microsoftonline.us"
		scope      = "https://api.securitycenter.microsoft.com/.default"
		portal     = "https://security.microsoft.com"
	)
	want := []defender.Cloud{
		{"global", "https://api.security.microsoft.com", login, scope, portal},
		{"us", "https://us.api.security.microsoft.com", login, scope, portal},
		{"eu", "https://eu.api.security.microsoft.com", login, scope, portal},
		{"uk", "https://uk.api.security.microsoft.com", login, scope, portal},
		{"au", "https://au.api.security.microsoft.com", login, scope, portal},
		{"swa", "https://swa.api.security.microsoft.com", login, scope, portal},
		{"ina", "https://ina.api.security.microsoft.com", login, scope, portal},
		{"aea", "https://aea.api.security.microsoft.com", login, scope, portal},
		{"gcc", "https://api-gcc.securitycenter.microsoft.us", login, "https://api-gcc.securitycenter.microsoft.us/.default", portal},
		{"gcc-high", "https://api-gov.securitycenter.microsoft.us", gov, "https://api-gov.securitycenter.microsoft.us/.default", "https://security.microsoft.us"},
		{"dod", "https://api-gov.securitycenter.microsoft.us", gov, "https://api-gov.securitycenter.microsoft.us/.default", "https://security.apps.mil"},
	}
	if diff := cmp.Diff(want, defender.Clouds()); diff != "" {
		t.Errorf("clouds (-want +got):\n%s", diff)
	}
	if c, ok := defender.CloudNamed("dod"); !ok || c != want[10] {
		t.Errorf("CloudNamed(dod) = %v, %v", c, ok)
	}
	if c, ok := defender.CloudNamed("china"); ok {
		t.Errorf("CloudNamed(china) = %v, want none", c)
	}
}

func TestDevicePage(t *testing.T) {
	c, _ := defender.CloudNamed("gcc-high")
	for tenant, want := range map[string]string{
		"":    "https://security.microsoft.us/machines/v2/" + device40 + "/overview",
		"a&b": "https://security.microsoft.us/machines/v2/" + device40 + "/overview?tid=a%26b",
	} {
		if got := c.DevicePage(device40, tenant); got != want {
			t.Errorf("DevicePage(%q) = %s, want %s", tenant, got, want)
		}
	}
}

func TestActionCenter(t *testing.T) {
	c, _ := defender.CloudNamed("gcc-high")
	for tenant, want := range map[string]string{
		"":    "https://security.microsoft.us/action-center/history",
		"a&b": "https://security.microsoft.us/action-center/history?tid=a%26b",
	} {
		if got := c.ActionCenter(tenant); got != want {
			t.Errorf("ActionCenter(%q) = %s, want %s", tenant, got, want)
		}
	}
}

// TestNamesakes: a nearer host is the same cloud, and another login service is
// another.
func TestNamesakes(t *testing.T) {
	for name, want := range map[string]string{"global": "global", "eu": "global", "gcc": "global", "gcc-high": "gcc-high", "dod": "gcc-high"} {
		if got := defender.Namesakes(name); len(got) < 2 || got[0] != want || !slices.Contains(got, name) {
			t.Errorf("%s: %v, want %s first", name, got, want)
		}
	}
}

package defender

import (
	"net/url"
	"slices"
)

// Cloud is where a tenant lives.
type Cloud struct {
	// Name is the word in the configuration: "global", "eu", "gcc-high".
	Name string
	// BaseURL is the API's address, without a slash at its end.
	BaseURL string
	// Authority is where tokens come from, without a slash at its end.
	Authority string
	// Scope is what a token is asked for.
	Scope string
	// Portal is where people look, without a slash at its end.
	Portal string
}

const (
	publicLogin  = "https://login.microsoftonline.com"
	publicPortal = "https://security.microsoft.com"
	// The audience is the older host in all of Microsoft's samples, whichever host is called.
	publicScope = "https://api.securitycenter.microsoft.com/.default"

	governmentLogin = "https://login.microsoftonline.us"
	governmentAPI   = "https://api-gov.securitycenter.microsoft.us"
)

// Clouds returns all of them; the caller owns the answer. The commercial cloud has one
// global host and several regional ones, which are nearer. Microsoft documents no host
// for the cloud in China. The audience of the government clouds is not documented; it is
// the host, as other clients have it.
// See https://learn.microsoft.com/defender-endpoint/gov,
// https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list and, for aea,
// https://learn.microsoft.com/defender-endpoint/api/machineaction.
func Clouds() []Cloud {
	gcc := "https://api-gcc.securitycenter.microsoft.us"
	return []Cloud{
		public("global", "https://api.security.microsoft.com"),
		public("us", "https://us.api.security.microsoft.com"),
		public("eu", "https://eu.api.security.microsoft.com"),
		public("uk", "https://uk.api.security.microsoft.com"),
		public("au", "https://au.api.security.microsoft.com"),
		public("swa", "https://swa.api.security.microsoft.com"),
		public("ina", "https://ina.api.security.microsoft.com"),
		public("aea", "https://aea.api.security.microsoft.com"),
		{"gcc", gcc, publicLogin, gcc + "/.default", publicPortal},
		{"gcc-high", governmentAPI, governmentLogin, governmentAPI + "/.default", "https://security.microsoft.us"},
		{"dod", governmentAPI, governmentLogin, governmentAPI + "/.default", "https://security.apps.mil"},
	}
}

// public is a host of the commercial cloud.
func public(name, base string) Cloud {
	return Cloud{name, base, publicLogin, publicScope, publicPortal}
}

// CloudNamed returns the cloud with that name.
func CloudNamed(name string) (Cloud, bool) {
	all := Clouds()
	i := slices.IndexFunc(all, func(c Cloud) bool { return c.Name == name })
	if i < 0 {
		return Cloud{}, false
	}
	return all[i], true
}

// DevicePage returns the address of a device in the portal. The tenant matters for people
// who belong to several; it may be empty. Microsoft does not document the form of the
// address; it is the one that the portal shows.
func (c Cloud) DevicePage(id, tenant string) string {
	page := c.Portal + "/machines/v2/" + url.PathEscape(id) + "/overview"
	if tenant != "" {
		page += "?tid=" + url.QueryEscape(tenant)
	}
	return page
}

// ActionCenter returns the address of the list of all actions in the portal
// (https://learn.microsoft.com/defender-endpoint/respond-machine-alerts).
func (c Cloud) ActionCenter(tenant string) string {
	page := c.Portal + "/action-center/history"
	if tenant != "" {
		page += "?tid=" + url.QueryEscape(tenant)
	}
	return page
}

// Namesakes returns the names of all clouds whose tokens come from where those of the
// named one do: one cloud with several hosts, the widest first.
func Namesakes(name string) []string {
	cloud, _ := CloudNamed(name)
	var names []string
	for _, c := range Clouds() {
		if c.Authority == cloud.Authority {
			names = append(names, c.Name)
		}
	}
	return names
}

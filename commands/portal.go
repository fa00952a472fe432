package commands

import (
	"net/url"
	"slices"
	"strings"
)

// The hosts of the Defender portal, worldwide and for the United States'
// government (https://learn.microsoft.com/defender-endpoint/gov), and the host
// it had before.
var portals = []string{
	"security.microsoft.com",
	"security.microsoft.us",
	"security.apps.mil",
	"securitycenter.windows.com",
}

const (
	otherAddress = "is a web address, but not the one of a device's page in the Defender portal"
	otherPage    = "is in the Defender portal, but not a device's page there"
)

// isAddress reports whether s can only be meant as an address: it says so, or it
// goes on behind a host name with dots.
func isAddress(s string) bool {
	host, _, path := strings.Cut(s, "/")
	return scheme(s) != "" || path && strings.Contains(host, ".")
}

// parseAddress takes the device id out of the address of a device's page:
// /machines/{id} and /machines/v2/{id}, whatever follows. The address is only
// read; nothing ever goes to it.
func parseAddress(s string) (d Device, why string) {
	if scheme(s) == "" {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || !isPortal(u) {
		return d, otherAddress
	}
	steps := strings.Split(strings.Trim(strings.ToLower(u.Path), "/"), "/")
	if steps[0] != "machines" {
		return d, otherPage
	}
	steps = steps[1:]
	if len(steps) > 0 && steps[0] == "v2" {
		steps = steps[1:]
	}
	if len(steps) == 0 || !isHex(steps[0]) {
		return d, otherPage
	}
	if d, why = parseID(steps[0]); why != "" {
		why = "leads to a device whose id " + why
	}
	return d, why
}

// isPortal reports whether an address leads to the portal and nowhere else: a
// name before an @ or a port of its own make it another address.
func isPortal(u *url.URL) bool {
	web := u.Scheme == "https" || u.Scheme == "http"
	return web && u.User == nil && slices.Contains(portals, strings.ToLower(u.Host))
}

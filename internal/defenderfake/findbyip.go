package defenderfake

import (
	"net/http"
	"regexp"
	"time"
)

const (
	foundAround = 15 * time.Minute    // before and after the time that is asked for
	foundSince  = 30 * 24 * time.Hour // how far back that time may be
)

var byIP = regexp.MustCompile(`^ip='([^']+)',\s*timestamp=(\S+)$`)

// findByIP lists the machines that were seen with an address around a time,
// https://learn.microsoft.com/defender-endpoint/api/find-machines-by-ip. The fake knows when a device was seen last.
func (t *tenant) findByIP(x *exchange) reply {
	m := byIP.FindStringSubmatch(x.param)
	if m == nil {
		return badQuery("The arguments of findbyip are an ip in quotes and a timestamp.")
	}
	at, err := time.Parse(time.RFC3339, m[2])
	if err != nil {
		return badQuery("The timestamp cannot be read.")
	}
	if at.After(x.now) || x.now.Sub(at) > foundSince {
		return refuse(http.StatusBadRequest, "InvalidInput", "The timestamp must be in the past 30 days")
	}
	found := []machine{}
	for _, d := range t.sortedDevices() {
		if d.LastIPAddress == m[1] && d.LastSeen.Sub(at).Abs() <= foundAround {
			found = append(found, d.wire(""))
		}
	}
	return t.list("Machines", found)
}

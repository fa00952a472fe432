package bot

import (
	"fmt"
	"time"

	"defenderbot/approvals"
)

// packageLink is a link to a package, as Defender gives it.
const packageLink = "https://userrequests-us.securitycenter.windows.com:443/safedownload/WDATP_Investigation_Package.zip?token=SECRET&x=%7c"

// waitsFor is the refusal of a link because the window is full.
func waitsFor(until time.Time) error {
	return &approvals.Refusal{Why: approvals.Why{Reason: approvals.PackageWaits, Until: until}}
}

// toChoose is a request of whose second device there are several by its name.
func toChoose(several int) approvals.Request {
	r := pending("collect", 1)
	r.State, r.Opened, r.Budget = approvals.Checking, time.Time{}, approvals.Budget{}
	r.Devices = append(r.Devices, approvals.Device{Name: "web-02"})
	r.Choice = approvals.Choice{Device: 1, At: asked}
	for n := range several {
		d := device(3 + n)
		d.Name, d.LastSeen = fmt.Sprintf("web-02.site-%d.contoso.example", n), after(-n*n*60)
		r.Choice.Offered = append(r.Choice.Offered, d)
	}
	r.Choice.Offered[several-1].LastSeen, r.Choice.Offered[several-1].Health = time.Time{}, "NoSensorDataImpairedCommunication"
	r.Choice.Offered[1].Name = "a-name-that-is-very-long-and-that-goes-on-and-on-until-there-is-no-room.contoso.example"
	return r
}

// nearly is a request for a device that is called a little differently.
func nearly() approvals.Request {
	r := notFound()
	r.Ended.Why.Cause = &approvals.Why{Reason: approvals.NearNames, Detail: "srv-db-01.contoso.example, srv-db-02.contoso.example"}
	return r
}

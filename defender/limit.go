package defender

import (
	"fmt"
	"time"
)

// Limit is a window that Microsoft sets: at most Calls calls in Per, counted for
// an application in a tenant at one [Endpoint].
type Limit struct {
	Calls int
	Per   time.Duration
}

// String says the limit as people do: "50 an hour", "100 a minute", "10 in 30s".
func (l Limit) String() string {
	unit := "in " + l.Per.String()
	if l.Per == time.Minute {
		unit = "a minute"
	}
	if l.Per == time.Hour {
		unit = "an hour"
	}
	return fmt.Sprintf("%d %s", l.Calls, unit)
}

// Endpoint is one thing that Microsoft counts by itself.
type Endpoint struct {
	// Name is the last fixed segment of its path: "startInvestigation", "machines".
	Name string
	// Limits hold at the same time; a call needs room in all of them.
	Limits []Limit
}

// MachinesEndpoint is where devices are read, by id and as a list. Microsoft gives
// each of the two pages the same figures; counting them as one stays on the safe side.
// See https://learn.microsoft.com/defender-endpoint/api/get-machines.
func MachinesEndpoint() Endpoint { return Endpoint{Name: "machines", Limits: usualLimits()} }

// MachineActionsEndpoint is where machine actions are read, by id and as a list.
// See https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection.
func MachineActionsEndpoint() Endpoint {
	return Endpoint{Name: "machineactions", Limits: usualLimits()}
}

// InvestigationsEndpoint is where investigations are read, by id and as a list.
// See https://learn.microsoft.com/defender-endpoint/api/get-investigation-collection.
func InvestigationsEndpoint() Endpoint {
	return Endpoint{Name: "investigations", Limits: usualLimits()}
}

// CancelEndpoint is where machine actions are cancelled.
// See https://learn.microsoft.com/defender-endpoint/api/cancel-machine-action.
func CancelEndpoint() Endpoint { return Endpoint{Name: "cancel", Limits: usualLimits()} }

// PackageEndpoint is where the links to packages are fetched.
// See https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri.
func PackageEndpoint() Endpoint {
	return Endpoint{Name: "getPackageUri", Limits: []Limit{{Calls: 2, Per: time.Minute}, {Calls: 120, Per: time.Hour}}}
}

// usualLimits are the figures on nearly every page of the API.
func usualLimits() []Limit {
	return []Limit{{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}
}

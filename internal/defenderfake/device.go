package defenderfake

import (
	"cmp"
	"net/http"
	"time"
)

// Device is a machine record, https://learn.microsoft.com/defender-endpoint/api/machine. What is nullable there is
// null when it is empty here.
type Device struct {
	ID              string // 40 hex digits
	ComputerDNSName string
	FirstSeen       time.Time
	LastSeen        time.Time

	OSPlatform     string // Windows11
	Version        string // 23H2, 1709
	OSProcessor    string
	OSArchitecture string
	OSBuild        int // 0 is null

	LastIPAddress         string
	LastExternalIPAddress string
	IPAddresses           []IPAddress

	HealthStatus     string // Active
	OnboardingStatus string // Onboarded
	RBACGroupID      int
	RBACGroupName    string
	RiskScore        string
	ExposureLevel    string
	DeviceValue      string // Normal
	AADDeviceID      string
	IsAADJoined      bool
	MachineTags      []string

	MergedIntoMachineID    string
	IsPotentialDuplication bool
	IsExcluded             bool
	ExclusionReason        string

	// PickUpAfter replaces Options.PendingFor: a device that is offline and comes back after that.
	PickUpAfter time.Duration
	// ActionEnd is the status that actions started from now on end in: ActionFailed, ActionTimeOut, ...; "" means
	// ActionSucceeded. ActionPending is a device that is offline: they stay Pending.
	ActionEnd string
	// InvestigationEnd is the same for the state of investigations; "" means Benign, and one of the open states is
	// where they stay.
	InvestigationEnd string
}

// IPAddress is one network address of a device.
type IPAddress struct {
	IPAddress         string `json:"ipAddress"`
	MACAddress        string `json:"macAddress"`
	Type              string `json:"type"`
	OperationalStatus string `json:"operationalStatus"`
}

func (d Device) withDefaults(now time.Time) Device {
	d.FirstSeen = cmp.Or(d.FirstSeen, now)
	d.LastSeen = cmp.Or(d.LastSeen, now)
	d.OSPlatform = cmp.Or(d.OSPlatform, "Windows11")
	d.HealthStatus = cmp.Or(d.HealthStatus, "Active")
	d.OnboardingStatus = cmp.Or(d.OnboardingStatus, "Onboarded")
	d.DeviceValue = cmp.Or(d.DeviceValue, "Normal")
	d.ActionEnd = cmp.Or(d.ActionEnd, ActionSucceeded)
	d.InvestigationEnd = cmp.Or(d.InvestigationEnd, "Benign")
	return d
}

// machine is a device on the wire.
type machine struct {
	Context                string      `json:"@odata.context,omitempty"`
	ID                     string      `json:"id"`
	MergedIntoMachineID    *string     `json:"mergedIntoMachineId"`
	IsPotentialDuplication bool        `json:"isPotentialDuplication"`
	IsExcluded             bool        `json:"isExcluded"`
	ExclusionReason        *string     `json:"exclusionReason"`
	ComputerDNSName        *string     `json:"computerDnsName"`
	FirstSeen              *string     `json:"firstSeen"`
	LastSeen               *string     `json:"lastSeen"`
	OSPlatform             string      `json:"osPlatform"`
	Version                *string     `json:"version"`
	OSProcessor            *string     `json:"osProcessor"`
	OSArchitecture         *string     `json:"osArchitecture"`
	LastIPAddress          *string     `json:"lastIpAddress"`
	LastExternalIPAddress  *string     `json:"lastExternalIpAddress"`
	OSBuild                *int        `json:"osBuild"`
	HealthStatus           string      `json:"healthStatus"`
	DeviceValue            string      `json:"deviceValue"`
	RBACGroupID            int         `json:"rbacGroupId"`
	RBACGroupName          *string     `json:"rbacGroupName"`
	RiskScore              *string     `json:"riskScore"`
	ExposureLevel          *string     `json:"exposureLevel"`
	IsAADJoined            bool        `json:"isAadJoined"`
	AADDeviceID            *string     `json:"aadDeviceId"`
	MachineTags            []string    `json:"machineTags"`
	OnboardingStatus       string      `json:"onboardingStatus"`
	IPAddresses            []IPAddress `json:"ipAddresses"`
}

// wire leaves lists that are empty as [] and everything else that is empty as null.
func (d Device) wire(context string) machine {
	m := machine{
		Context: context, ID: d.ID, MergedIntoMachineID: text(d.MergedIntoMachineID),
		IsPotentialDuplication: d.IsPotentialDuplication, IsExcluded: d.IsExcluded, ExclusionReason: text(d.ExclusionReason),
		ComputerDNSName: text(d.ComputerDNSName), FirstSeen: stamp(d.FirstSeen), LastSeen: stamp(d.LastSeen),
		OSPlatform: d.OSPlatform, Version: text(d.Version), OSProcessor: text(d.OSProcessor), OSArchitecture: text(d.OSArchitecture),
		LastIPAddress: text(d.LastIPAddress), LastExternalIPAddress: text(d.LastExternalIPAddress),
		HealthStatus: d.HealthStatus, DeviceValue: d.DeviceValue, RBACGroupID: d.RBACGroupID, RBACGroupName: text(d.RBACGroupName),
		RiskScore: text(d.RiskScore), ExposureLevel: text(d.ExposureLevel), IsAADJoined: d.IsAADJoined, AADDeviceID: text(d.AADDeviceID),
		MachineTags: append([]string{}, d.MachineTags...), OnboardingStatus: d.OnboardingStatus,
		IPAddresses: append([]IPAddress{}, d.IPAddresses...),
	}
	if d.OSBuild != 0 {
		m.OSBuild = &d.OSBuild
	}
	return m
}

// machineFields is what $filter takes on machines, https://learn.microsoft.com/defender-endpoint/api/get-machines.
// machineTags is a collection and needs any(), which this filter does not have.
var machineFields = fields{
	"computerDnsName": textField, "id": textField, "version": textField, "deviceValue": textField,
	"aadDeviceId": textField, "lastSeen": dateField, "exposureLevel": textField, "onboardingStatus": textField,
	"lastIpAddress": textField, "healthStatus": textField, "osPlatform": textField, "riskScore": textField,
	"rbacGroupId": numberField,
}

func (d Device) properties() properties {
	return properties{
		"computerDnsName": orNil(d.ComputerDNSName), "id": d.ID, "version": orNil(d.Version), "deviceValue": d.DeviceValue,
		"aadDeviceId": orNil(d.AADDeviceID), "lastSeen": d.LastSeen, "exposureLevel": orNil(d.ExposureLevel),
		"onboardingStatus": d.OnboardingStatus, "lastIpAddress": orNil(d.LastIPAddress), "healthStatus": d.HealthStatus,
		"osPlatform": d.OSPlatform, "riskScore": orNil(d.RiskScore), "rbacGroupId": float64(d.RBACGroupID),
	}
}

func (t *tenant) getMachine(x *exchange) reply {
	d, ok := t.device(x.param)
	if !ok {
		return noMachine(x.param)
	}
	return jsonReply(http.StatusOK, d.wire(t.context("Machine")))
}

// recent is how long ago a device may have reported for the tenant to have recent machines.
const recent = 30 * 24 * time.Hour

func (t *tenant) listMachines(x *exchange) reply {
	q, err := parseQuery(x, machineFields)
	if err != nil {
		return badQuery(err.Error())
	}
	found, alive := []machine{}, false
	for _, d := range t.sortedDevices() {
		alive = alive || x.now.Sub(d.LastSeen) < recent
		if q.matches(d.properties()) {
			found = append(found, d.wire(""))
		}
	}
	if !alive {
		return refuse(http.StatusNotFound, "ResourceNotFound", "No recent machines were found")
	}
	return t.list("Machines", page(q, found))
}

func noMachine(id string) reply {
	return refuse(http.StatusNotFound, "ResourceNotFound", "Machine "+id+" was not found")
}

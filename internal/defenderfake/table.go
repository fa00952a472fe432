package defenderfake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Names of the endpoints, as Options.Limits, Options.Second, Fault.On, Portal.Start and Call.Endpoint use them.
const (
	Token              = "token"
	Discovery          = "discovery"
	Download           = "download"
	MachineGet         = "machines/get"
	MachineList        = "machines/list"
	MachineFindByIP    = "machines/findbyip"
	StartInvestigation = "machines/startInvestigation"
	CollectPackage     = "machines/collectInvestigationPackage"
	Isolate            = "machines/isolate"
	Unisolate          = "machines/unisolate"
	RunScan            = "machines/runAntiVirusScan"
	Offboard           = "machines/offboard"
	QuarantineFile     = "machines/StopAndQuarantineFile"
	RestrictCode       = "machines/restrictCodeExecution"
	UnrestrictCode     = "machines/unrestrictCodeExecution"
	ActionGet          = "machineactions/get"
	ActionList         = "machineactions/list"
	ActionCancel       = "machineactions/cancel"
	PackageURI         = "machineactions/getPackageUri"
	InvestigationGet   = "investigations/get"
	InvestigationList  = "investigations/list"
)

// Limit is how many calls of one endpoint one application may make in how long.
type Limit struct {
	Calls int
	Per   time.Duration
}

// endpoint is one row of the API: where it is, who may call it, how often, and what it does.
type endpoint struct {
	name   string
	method string
	path   string   // segments; {x} takes one of them, or a part of it
	roles  []string // any one of them is enough; nil: no bearer token is asked for
	limits []Limit
	serve  func(*tenant, *exchange) reply
}

// rule is one action that can be posted to a machine.
type rule struct {
	name    string // endpoint name; its last part is the path's last segment
	makes   string // MachineAction type; "" starts an investigation
	role    string
	field   *field // what the body takes besides Comment; it becomes the action's scope
	windows bool   // refused on any other platform
	oldest  string // first version of Windows 10 that has it; "" means not documented
	limits  []Limit
}

// field is a body field, most of them with a closed list of values; names and values are case-sensitive.
type field struct {
	name     string
	values   []string
	absent   string // what an absent field means
	required bool
	sha1     bool              // in place of values: 40 hex digits, which name the action's file and not its scope
	since    map[string]string // values that only Windows has, and the first version of Windows 10 that does
}

// usual is what most pages say: 100 calls a minute and 1,500 an hour.
var usual = []Limit{{100, time.Minute}, {1500, time.Hour}}

var (
	readMachine = []string{"Machine.Read.All", "Machine.ReadWrite.All"}
	readAlert   = []string{"Alert.Read.All", "Alert.ReadWrite.All"}
	mayCancel   = []string{
		"Machine.CollectForensics", "Machine.Isolate", "Machine.RestrictExecution", "Machine.Scan",
		"Machine.Offboard", "Machine.StopAndQuarantine", "Machine.LiveResponse",
	}
)

// rules is written from the page of each action below
// https://learn.microsoft.com/defender-endpoint/api/machineaction.
var rules = []rule{
	{name: StartInvestigation, role: "Alert.ReadWrite.All", windows: true, oldest: "1709", limits: []Limit{{50, time.Hour}}},
	{name: CollectPackage, makes: "CollectInvestigationPackage", role: "Machine.CollectForensics", limits: usual},
	{
		name: Isolate, makes: "Isolate", role: "Machine.Isolate", oldest: "1703", limits: usual,
		field: &field{
			name: "IsolationType", values: []string{"Full", "Selective", "UnManagedDevice"}, absent: "Full",
			since: map[string]string{"Selective": "1709"},
		},
	},
	{name: Unisolate, makes: "Unisolate", role: "Machine.Isolate", oldest: "1703", limits: usual},
	{
		name: RunScan, makes: "RunAntiVirusScan", role: "Machine.Scan", oldest: "1709", limits: usual,
		field: &field{name: "ScanType", values: []string{"Quick", "Full"}, required: true},
	},
	{name: RestrictCode, makes: "RestrictCodeExecution", role: "Machine.RestrictExecution", windows: true, oldest: "1709", limits: usual},
	{name: Offboard, makes: "Offboard", role: "Machine.Offboard", windows: true, limits: usual},
	{
		name: QuarantineFile, makes: "StopAndQuarantineFile", role: "Machine.StopAndQuarantine", windows: true, oldest: "1703", limits: usual,
		field: &field{name: "Sha1", required: true, sha1: true},
	},
	{name: UnrestrictCode, makes: "UnrestrictCodeExecution", role: "Machine.RestrictExecution", windows: true, oldest: "1709", limits: usual},
}

// endpoints lists the whole API; own replaces limits by endpoint name.
func endpoints(own map[string][]Limit) []endpoint {
	all := slices.Concat(opened(), reads())
	for _, r := range rules {
		_, verb, _ := strings.Cut(r.name, "/")
		all = append(all, endpoint{
			name: r.name, method: http.MethodPost, path: "api/machines/{id}/" + verb,
			roles: []string{r.role}, limits: r.limits,
			serve: func(t *tenant, x *exchange) reply { return t.postAction(x, r) },
		})
	}
	for i, e := range all {
		if limits, ok := own[e.name]; ok {
			all[i].limits = limits
		}
	}
	return all
}

// opened are the endpoints that take no bearer token.
func opened() []endpoint {
	return []endpoint{
		{Token, http.MethodPost, "{tenant}/oauth2/v2.0/token", nil, nil, (*tenant).issueV2},
		{Token, http.MethodPost, "{tenant}/oauth2/token", nil, nil, (*tenant).issueV1},
		{Discovery, http.MethodGet, "{tenant}/v2.0/.well-known/openid-configuration", nil, nil, (*tenant).discover},
		{Download, http.MethodGet, "safedownload/" + packageName, nil, nil, (*tenant).download},
	}
}

// reads are the endpoints that start nothing on a machine.
func reads() []endpoint {
	const get, post = http.MethodGet, http.MethodPost
	scarce := []Limit{{2, time.Minute}, {120, time.Hour}}
	return []endpoint{
		{MachineList, get, "api/machines", readMachine, usual, (*tenant).listMachines},
		{MachineFindByIP, get, "api/machines/findbyip({arguments})", readMachine, usual, (*tenant).findByIP},
		{MachineGet, get, "api/machines/{id}", readMachine, usual, (*tenant).getMachine},
		{ActionList, get, "api/machineactions", readMachine, usual, (*tenant).listActions},
		{ActionGet, get, "api/machineactions/{id}", readMachine, usual, (*tenant).getAction},
		{ActionCancel, post, "api/machineactions/{id}/cancel", mayCancel, usual, (*tenant).cancelAction},
		{PackageURI, get, "api/machineactions/{id}/getPackageUri", []string{"Machine.ReadWrite.All"}, scarce, (*tenant).packageURI},
		{InvestigationList, get, "api/investigations", readAlert, usual, (*tenant).listInvestigations},
		{InvestigationGet, get, "api/investigations/{id}", readAlert, usual, (*tenant).getInvestigation},
	}
}

package defenderfake

import (
	"cmp"
	"crypto/tls"
	"errors"
	"slices"
	"time"
)

// What Start uses for options that are not set.
const (
	DefaultTenant       = "0d5f8c62-6f0c-4c6b-9d0b-5a1c9a3f7e10"
	DefaultClientID     = "8f0b6c1e-3b52-4f0e-8f55-2f3f6f9f0c11"
	DefaultClientSecret = "local-only-secret" //nolint:gosec // opens nothing but this fake
	DefaultAppName      = "defenderbot"
)

// DefaultRoles are the application permissions for every action of the table, and for reading.
func DefaultRoles() []string {
	roles := slices.Clone(readMachine)
	for _, r := range rules {
		roles = append(roles, r.role)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// Second says what a second request meets while an action of its type is open on the device. Microsoft's pages allow
// the first two for most actions, and tenants were seen to do all three.
type Second int

// The answers to a second request.
const (
	SecondRefused Second = iota // 400 ActiveRequestAlreadyExists
	SecondFirst                 // 201 with the action that is already open
	SecondStarted               // 201 with a new action beside the first
)

// Options describe the tenant. Only Now is required.
type Options struct {
	Now  func() time.Time // the tenant's clock; called with locks held, so it must not call the Server
	Addr string           // where to listen; "" means a free port of 127.0.0.1
	TLS  *tls.Certificate // serve HTTPS with it; nil means HTTP, which Microsoft's own clients refuse to log in over

	Tenant       string   // directory id in the token endpoint's path; DefaultTenant
	ClientID     string   // application id of the first app; DefaultClientID
	ClientSecret string   // DefaultClientSecret
	AppName      string   // what actions show as requestor; DefaultAppName
	Roles        []string // application permissions of the first app; nil means DefaultRoles

	TokenLife time.Duration // 0 means 3599 s, the documented expires_in

	// Limits replaces the documented limits of the endpoints it names; an empty list lifts them.
	Limits map[string][]Limit
	// WindowsFrom, when set, counts in fixed windows that begin there and follow each other; else windows roll.
	WindowsFrom time.Time

	FreshFor   time.Duration // how long what was just created can be neither read nor listed; 0 means 2 s, negative none
	PendingFor time.Duration // from creation to InProgress (Running for investigations); 0 means 10 s, negative none
	RunFor     time.Duration // from InProgress to the end; 0 means 78 s: with PendingFor the 88 s of Microsoft's sample

	// AlertIDs makes startInvestigation answer with the triggering alert's id and nulls, as tenants were seen to do,
	// until the investigation runs.
	AlertIDs bool
	// Second replaces SecondRefused for the actions (endpoint names) it names.
	Second map[string]Second
	// NoScope makes actions show no scope, as tenants were seen to do with isolations.
	NoScope bool
	// Ended is a tenant in which investigations cannot be started by hand any more; see Server.EndInvestigations.
	Ended Ended
}

// withDefaults fills what is not set.
func (o Options) withDefaults() (Options, error) {
	if o.Now == nil {
		return o, errors.New("defenderfake: Options.Now is required")
	}
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.Tenant = cmp.Or(o.Tenant, DefaultTenant)
	o.ClientID = cmp.Or(o.ClientID, DefaultClientID)
	o.ClientSecret = cmp.Or(o.ClientSecret, DefaultClientSecret)
	o.AppName = cmp.Or(o.AppName, DefaultAppName)
	if o.Roles == nil {
		o.Roles = DefaultRoles()
	}
	o.Roles = slices.Clone(o.Roles)
	o.TokenLife = cmp.Or(o.TokenLife, 3599*time.Second)
	o.FreshFor = max(0, cmp.Or(o.FreshFor, 2*time.Second))
	o.PendingFor = max(0, cmp.Or(o.PendingFor, 10*time.Second))
	o.RunFor = max(0, cmp.Or(o.RunFor, 78*time.Second))
	return o, nil
}

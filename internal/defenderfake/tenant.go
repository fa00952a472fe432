package defenderfake

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// tenant is what Microsoft keeps. It knows neither locks nor HTTP; the Server locks around every call.
type tenant struct {
	opts    Options
	base    string
	apps    map[string]App
	tokens  map[string]token
	links   map[string]link // package links by their token
	windows windows
	devices map[string]Device
	handed  []Secret // the newest that are kept, or twice as many

	actions        []*action
	investigations []*investigation
}

func newTenant(o Options, base string) *tenant {
	first := App{ID: o.ClientID, Name: o.AppName, Secret: o.ClientSecret, Roles: o.Roles}
	return &tenant{
		opts: o, base: base,
		apps:    map[string]App{first.ID: first},
		tokens:  make(map[string]token),
		links:   make(map[string]link),
		windows: windows{from: o.WindowsFrom, taken: make(map[window][]time.Time)},
		devices: make(map[string]Device),
	}
}

// context is the address in @odata.context.
func (t *tenant) context(kind string) string { return t.base + "/api/$metadata#" + kind }

// collection is the documented form of a list.
type collection struct {
	Context string `json:"@odata.context"`
	Value   any    `json:"value"`
}

func (t *tenant) list(kind string, value any) reply {
	return jsonReply(http.StatusOK, collection{t.context(kind), value})
}

func (t *tenant) sortedDevices() []Device {
	return slices.SortedFunc(maps.Values(t.devices), func(a, b Device) int { return cmp.Compare(a.ID, b.ID) })
}

// device finds what a path may call a device: its id, else a computer name, else an Entra device id. Of several
// records that share a name it takes the one with the lowest id: which one Defender takes is not documented.
func (t *tenant) device(id string) (Device, bool) {
	if d, ok := t.devices[id]; ok {
		return d, true
	}
	all := t.sortedDevices()
	i := slices.IndexFunc(all, func(d Device) bool { return d.ComputerDNSName == id || d.AADDeviceID == id })
	if i < 0 {
		return Device{}, false
	}
	return all[i], true
}

// visible reports whether something created then can be read by x already.
func (t *tenant) visible(created time.Time, x *exchange) bool {
	return x.now.Sub(created) >= max(t.opts.FreshFor, x.hide)
}

// stages grows whenever an action or investigation is added or moves on.
func (t *tenant) stages(now time.Time) int {
	n := 0
	for _, a := range t.actions {
		n += 1 + int(a.stage(now))
	}
	for _, i := range t.investigations {
		n += 1 + int(i.stage(now))
	}
	return n
}

// finish ends an action or investigation that is open.
func (t *tenant) finish(id, state, by, comment string, now time.Time) error {
	for _, a := range t.actions {
		if a.ID == id {
			return a.end(cut{now, state, by, comment})
		}
	}
	for _, i := range t.investigations {
		if i.ID == id || i.AlertID == id {
			return i.end(cut{now, state, by, comment})
		}
	}
	return fmt.Errorf("defenderfake: no action or investigation %q", id)
}

package main

import (
	"slices"
	"strings"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/defenderfake"
)

// machine is a device as the page shows it.
type machine struct {
	defenderfake.Device

	Well bool // it can hear Defender
	Jobs []job
}

// job is an action or an investigation on a device.
type job struct {
	ID    string
	What  string
	State string
	Stage string // waiting, working, well, failed
	Since time.Time
}

// mostJobs is how many of the newest jobs of a device are shown.
const mostJobs = 3

// machines are the devices with what runs on them, newest first.
func machines(seen defenderfake.Snapshot) []machine {
	var list []machine
	for _, d := range seen.Devices {
		m := machine{Device: d, Well: d.HealthStatus == "Active"}
		for _, i := range seen.Investigations {
			if i.MachineID == d.ID {
				since := i.Started
				if !i.Ended.IsZero() {
					since = i.Ended
				}
				m.Jobs = append(m.Jobs, job{i.ID, "Investigation", i.State, stage(i.State), since})
			}
		}
		for _, a := range seen.Actions {
			if a.MachineID == d.ID {
				m.Jobs = append(m.Jobs, job{a.ID, strings.TrimSpace(a.Type + " " + a.Scope), a.Status, stage(a.Status), a.Updated})
			}
		}
		slices.SortStableFunc(m.Jobs, func(a, b job) int { return b.Since.Compare(a.Since) })
		m.Jobs = m.Jobs[:min(mostJobs, len(m.Jobs))]
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b machine) int { return b.LastSeen.Compare(a.LastSeen) })
	return list
}

// stage sorts Defender's words into four.
func stage(state string) string {
	switch state {
	case "Queued", defenderfake.ActionPending, "PendingApproval", "PendingResource":
		return "waiting"
	case "Running", defenderfake.ActionInProgress:
		return "working"
	case defenderfake.ActionSucceeded, "Benign", "SuccessfullyRemediated", "PartiallyRemediated":
		return "well"
	}
	return "failed"
}

// window is one limit of Microsoft's, and how much of it is used.
type window struct {
	Name    string
	Limit   defender.Limit
	Used    int
	Percent int
}

// windows counts the calls that took a place, as Defender counts them.
func windows(seen defenderfake.Snapshot) []window {
	var list []window
	count := func(name string, limits []defender.Limit, endpoints ...string) {
		w := window{Name: name, Limit: limits[0]}
		for _, c := range seen.Calls {
			if c.Taken && slices.Contains(endpoints, c.Endpoint) && seen.At.Sub(c.At) < w.Limit.Per {
				w.Used++
			}
		}
		w.Percent = min(100, (100*w.Used+w.Limit.Calls-1)/w.Limit.Calls)
		list = append(list, w)
	}
	var counted []string // one window can be that of several rows
	for _, a := range defender.Actions() {
		if !slices.Contains(counted, a.Post.Name) {
			counted = append(counted, a.Post.Name)
			count(a.Name, a.Post.Limits, "machines/"+a.Post.Name)
		}
	}
	count("read devices", defender.MachinesEndpoint().Limits, defenderfake.MachineGet, defenderfake.MachineList)
	count("read actions", defender.MachineActionsEndpoint().Limits, defenderfake.ActionGet, defenderfake.ActionList)
	count("read investigations", defender.InvestigationsEndpoint().Limits, defenderfake.InvestigationGet, defenderfake.InvestigationList)
	return list
}

// call is one HTTP request to Defender as the page shows it.
type call struct {
	defenderfake.Call

	N     int
	Short string // the path without what is the same in all
	Tone  string // well, failed, cut, open
}

// mostCalls is how many of the newest calls are shown.
const mostCalls = 40

// calls are the newest HTTP requests, newest first.
func calls(seen defenderfake.Snapshot) []call {
	var list []call
	for n, c := range slices.Backward(seen.Calls) {
		if len(list) == mostCalls {
			break
		}
		list = append(list, call{Call: c, N: n, Short: shorten(c.Path), Tone: tone(c)})
	}
	return list
}

// shorten leaves the last two parts of a path, and the end of what is long:
// ids are told apart by it.
func shorten(path string) string {
	path, query, asked := strings.Cut(strings.TrimPrefix(path, "/api/"), "?")
	parts := strings.Split(path, "/")
	parts = parts[max(0, len(parts)-2):]
	for i, p := range parts {
		if len(p) > 30 {
			parts[i] = "…" + p[len(p)-6:]
		}
	}
	path = strings.Join(parts, "/")
	if asked {
		path += "?" + query
	}
	return path
}

func tone(c defenderfake.Call) string {
	switch {
	case !c.Done:
		return "open"
	case c.Status == 0:
		return "cut"
	case c.Status >= 400:
		return "failed"
	}
	return "well"
}

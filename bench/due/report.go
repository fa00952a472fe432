package due

import (
	"fmt"
	"slices"
	"time"

	"defenderbot/bench/side"
)

// findings are what was measured, by engine.
type findings struct {
	rounds, deaths int

	late  [][]lateness // by round, too
	idle  []traffic
	taken []takeOver
}

const about = `How promptly is something done that has a time? This bot keeps all times in one sorted set of Redis and sleeps until the next of ` +
	`them, a second at most. Here requests expire that nobody decided on: each is due at its deadline, and done when Redis has taken ` +
	`the change and its audit entry. At the same time the bot changes the cards of these requests, which no queue has to do. asynq v0.26 and ` +
	`River v0.51 do one durable write to a Redis instead. Everything is timed by Redis's clock. Each has a store of its own, made for it. ` +
	`They are measured one after the other, except the two with defaults: those look every second or less often and run side by side.` + "\n\n" +
	`"Tuned" is what it takes to be done within 50 ms: asynq looks every 10 ms for what is due and every 10 ms for what is to be done, ` +
	`with 64 tasks at once, as many as the bot; River looks every 20 ms. asynq keeps whole seconds, so it is given whole seconds, which ` +
	`several tasks share. River's scheduler looks every 5 s and hands on what is due before its next look; what is planned at shorter notice ` +
	`can be up to 5 s late (https://riverqueue.com/docs/scheduled-jobs) and is not measured here. River runs on SQLite ` +
	`(riversqlite, modernc.org/sqlite, WAL, every commit on the disk), so that nobody has to install a server. Its makers call that ` +
	`experimental (https://riverqueue.com/docs/sqlite); its home is PostgreSQL with LISTEN and NOTIFY. SQLite has neither: the driver ` +
	`looks into a table every 50 ms: 20 statements a second, to a file and not to a server.` + "\n\n" +
	`Idle: one process that has settled and has nothing to do; the bot's has its sockets to Slack open. What clients send is counted (by ` +
	`MONITOR, or in the database driver), and beside it what scripts run inside Redis. Taken over: a process begins work that does ` +
	`not end, a second process starts, and the first gets SIGKILL within a second or so. asynq renews its leases, and looks for lost ones once ` +
	`a minute, so its processes are killed at different moments, up to half a minute later. Time counts from the SIGKILL until the second ` +
	`process has done the work. Idling and taking over are measured for all programs at once: they mostly wait.`

// report is what was found, for people.
func (f findings) report(all []engine) side.Report {
	r := side.Report{About: about, Tables: []side.Table{f.lateTable(all), f.idleTable(all), f.takenTable(all)}}
	_, spread := f.medians(0)
	r.Targets = append(r.Targets,
		side.AtMost("due to done, at random times, p99, ms", spread[1], 50),
		side.AtMost("idle commands a second", f.idle[0].sent, 4))
	for _, w := range all[0].works {
		r.Targets = append(r.Targets, within(w, f.taken[0]))
	}
	return r
}

// within is the target that all work of a kind is taken over within its lease.
func within(w work, t takeOver) side.Target {
	target := side.AtMost("taken over when "+w.title+", s", t.after[w.kind].At(100).Seconds(), w.lease.Seconds())
	if t.left[w.kind] > 0 || len(t.after[w.kind]) == 0 {
		target.Got, target.Met = "not all", false
	}
	return target
}

// percentiles are those of the tables.
func percentiles() []float64 { return []float64{50, 99, 100} }

// medians are the percentiles of an engine in milliseconds, the medians of all rounds.
func (f findings) medians(engine int) (once, spread []float64) {
	for _, p := range percentiles() {
		var a, b []float64
		for _, late := range f.late[engine] {
			a, b = append(a, side.Millis(late.once.At(p))), append(b, side.Millis(late.spread.At(p)))
		}
		once, spread = append(once, side.Median(a)), append(spread, side.Median(b))
	}
	return once, spread
}

func (f findings) lateTable(all []engine) side.Table {
	n := len(f.late[0][0].once)
	t := side.Table{
		Title:   fmt.Sprintf("From due to done, ms: %d at random times within some seconds, and %d due at the same moment (medians of %d rounds)", n, n, f.rounds),
		Columns: []string{"", "spread: p50", "p99", "max", "at once: p50", "p99", "max"},
	}
	for i, e := range all {
		once, spread := f.medians(i)
		row := []string{e.name}
		for _, ms := range slices.Concat(spread, once) {
			row = append(row, side.MS(ms))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (f findings) idleTable(all []engine) side.Table {
	t := side.Table{Title: "Commands or statements a second when idle", Columns: []string{"", "sent to the store", "run by scripts in Redis"}}
	for i, e := range all {
		t.Rows = append(t.Rows, []string{e.name, fmt.Sprintf("%.2f", f.idle[i].sent), fmt.Sprintf("%.2f", f.idle[i].inside)})
	}
	return t
}

func (f findings) takenTable(all []engine) side.Table {
	t := side.Table{
		Title:   fmt.Sprintf("From SIGKILL until another process has done the work, s (%d processes killed of each)", f.deaths),
		Columns: []string{"", "work", "rule", "soonest", "median", "latest"},
	}
	for i, e := range all {
		for _, w := range e.works {
			t.Rows = append(t.Rows, append([]string{e.name, w.title, w.rule}, f.taken[i].cells(w.kind)...))
		}
	}
	// https://pkg.go.dev/github.com/riverqueue/river@v0.51.2#Config, RescueStuckJobsAfter.
	t.Rows = append(t.Rows, []string{"River, default", "a job", "rescued after 1 h, looked for every 30 s", "as documented", "", "1 h and more"})
	return t
}

// cells are the soonest, the median and the latest take-over of a kind.
func (t takeOver) cells(kind string) []string {
	s, left := t.after[kind], t.left[kind]
	if len(s) == 0 {
		return []string{"", "", "none so far"}
	}
	cells := []string{seconds(s.At(0)), seconds(s.At(50)), seconds(s.At(100))}
	if left > 0 {
		cells[2] = fmt.Sprintf("%d not so far", left)
	}
	return cells
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }

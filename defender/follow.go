package defender

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// perList is how many ids one list call asks for: about 900 characters of address.
const perList = 20

// Job returns one machine action or investigation. One that is not there is [NotFound];
// a fresh one can be invisible for about two minutes.
// See https://learn.microsoft.com/defender-endpoint/api/get-machineaction-object and
// https://learn.microsoft.com/defender-endpoint/api/get-investigation-object.
func (c *Client) Job(ctx context.Context, t Tracking, id string) (Job, error) {
	q := readJobs(t)
	if t.Endpoint().Name == "" || id == "" || strings.Trim(id, ".") == "" {
		return Job{}, &Error{Op: q.op, Cause: NotSent, Err: errors.New("not the id of an action or investigation")}
	}
	var r record
	if err := c.get(ctx, q, "/api/"+string(t)+"/"+url.PathEscape(id), &r); err != nil {
		return Job{}, err
	}
	j := r.job(t)
	if t == TrackMachineActions && !strings.EqualFold(j.ID, id) {
		return Job{}, &Error{Op: q.op, Cause: BadAnswer, Status: http.StatusOK, Err: errors.New("the answer is about another action")}
	}
	// An investigation that is asked for by its alert may answer with its own id.
	j.ID = id
	return j, nil
}

// Jobs returns those of the ids that Defender knows, in the order of ids. One that is not
// there is just missing. Machine actions take one read for 20 ids, investigations one for
// each, because an investigation's id may be its alert's.
// See https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection.
func (c *Client) Jobs(ctx context.Context, t Tracking, ids []string) ([]Job, error) {
	if t != TrackMachineActions {
		return c.oneByOne(ctx, t, ids)
	}
	var found []Job
	for some := range slices.Chunk(ids, perList) {
		page, _, err := c.jobs(ctx, t, "id in ("+quoteAll(some)+")")
		if err != nil {
			return nil, err
		}
		found = append(found, inOrder(page, some)...)
	}
	return found, nil
}

// oneByOne asks for each id by itself.
func (c *Client) oneByOne(ctx context.Context, t Tracking, ids []string) ([]Job, error) {
	var found []Job
	for _, id := range ids {
		j, err := c.Job(ctx, t, id)
		switch {
		case err == nil:
			found = append(found, j)
		case CauseOf(err) != NotFound:
			return nil, err
		}
	}
	return found, nil
}

// JobsOn returns what Defender knows of an action on a device since then, newest first;
// what has no time is included, at the end. Machine actions are those of the action's
// type. Investigations carry neither type nor comment: all of the device are returned,
// whoever or whatever started them. It reports whether that is the whole list: only then
// is what is not on it not there.
// See https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection and
// https://learn.microsoft.com/defender-endpoint/api/get-investigation-collection.
func (c *Client) JobsOn(ctx context.Context, a Action, deviceID string, since time.Time) (found []Job, whole bool, err error) {
	if !pinned.MatchString(deviceID) || a.Tracks.Endpoint().Name == "" {
		return nil, false, &Error{Op: readJobs(a.Tracks).op, Cause: NotSent, Err: errors.New("not a device id and an action")}
	}
	filter := "machineId eq " + quote(deviceID)
	if a.Type != "" {
		filter += " and type eq " + quote(a.Type)
	}
	found, whole, err = c.jobs(ctx, a.Tracks, filter)
	if err != nil {
		return nil, false, err
	}
	found = slices.DeleteFunc(found, func(j Job) bool {
		return j.about(a, deviceID) != nil || !j.touches(since)
	})
	slices.SortStableFunc(found, func(a, b Job) int { return b.Created.Compare(a.Created) })
	return found, whole, nil
}

// OpenOn returns what is under way on a device, newest first, whoever started it: machine
// actions of these types, or investigations. It reports whether nothing else can be: what
// has not ended and has a status that is not known can. It is one read of everything that
// the device ever had: of what $filter takes, one equality is what all pages show.
// See https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection.
func (c *Client) OpenOn(ctx context.Context, t Tracking, types []string, deviceID string) (open []Job, whole bool, err error) {
	if !pinned.MatchString(deviceID) || t.Endpoint().Name == "" {
		return nil, false, &Error{Op: readJobs(t).op, Cause: NotSent, Err: errors.New("not a device id and a kind of job")}
	}
	found, whole, err := c.jobs(ctx, t, "machineId eq "+quote(deviceID))
	if err != nil {
		return nil, false, err
	}
	going := slices.DeleteFunc(found, func(j Job) bool {
		another := j.DeviceID != "" && j.DeviceID != deviceID || t == TrackMachineActions && !slices.Contains(types, j.Type)
		return another || j.ID == "" || !j.Ended.IsZero()
	})
	whole = whole && !slices.ContainsFunc(going, func(j Job) bool { return j.Phase == PhaseUnknown })
	open = slices.DeleteFunc(going, func(j Job) bool { return j.Phase != PhaseOpen })
	slices.SortStableFunc(open, func(a, b Job) int { return b.Created.Compare(a.Created) })
	return open, whole, nil
}

// about reports whether a job that Defender returned is one of this action on this device.
// Some answers leave out device and type; then the question stands for them.
func (j Job) about(a Action, deviceID string) error {
	switch {
	case j.ID == "":
		return errors.New("the answer has no id")
	case j.DeviceID != "" && j.DeviceID != deviceID:
		return errors.New("the answer is about another device")
	case j.Type != "" && j.Type != a.Type:
		return errors.New("the answer is about another action")
	default:
		return nil
	}
}

// touches reports whether the job can have been created at that time or later.
func (j Job) touches(since time.Time) bool {
	if j.Created.IsZero() {
		return j.Ended.IsZero() || !j.Ended.Before(since)
	}
	return !j.Created.Before(since)
}

// jobs lists the jobs that a filter matches, and reports whether these are all.
func (c *Client) jobs(ctx context.Context, t Tracking, filter string) (found []Job, whole bool, err error) {
	page, whole, err := list[record](ctx, c, readJobs(t), "/api/"+string(t), filter)
	if e, is := errors.AsType[*Error](err); is && e.Cause == NotFound {
		if t == TrackMachineActions {
			return nil, true, nil
		}
		// No page says that a list without investigations is a 404: it is the list
		// that is not there.
		e.Cause = Refused
	}
	if err != nil {
		return nil, false, err
	}
	found = make([]Job, len(page))
	for i, r := range page {
		found[i] = r.job(t)
	}
	return found, whole, nil
}

// readJobs describes every read of machine actions or investigations.
func readJobs(t Tracking) query {
	return query{op: "read " + string(t), role: t.readRole(), missing: NotFound}
}

// quoteAll writes a list of string literals.
func quoteAll(ids []string) string {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = quote(id)
	}
	return strings.Join(quoted, ",")
}

// inOrder returns the jobs in the order of the ids, under the ids as they were asked for,
// without anything else that the list may hold.
func inOrder(found []Job, ids []string) []Job {
	var kept []Job
	for _, id := range ids {
		i := slices.IndexFunc(found, func(j Job) bool { return strings.EqualFold(j.ID, id) })
		if i >= 0 {
			j := found[i]
			j.ID = id
			kept = append(kept, j)
		}
	}
	return kept
}

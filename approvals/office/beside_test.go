package office

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// lateTown is a directory in which every answer takes its time.
type lateTown struct {
	approvalstest.Town

	takes time.Duration
}

func (d lateTown) Facts(ctx context.Context, user string) (approvals.Facts, error) {
	time.Sleep(d.takes)
	return d.Town.Facts(ctx, user)
}

func (d lateTown) Group(ctx context.Context, id string) (approvals.Group, error) {
	time.Sleep(d.takes)
	return d.Town.Group(ctx, id)
}

// TestFactsSideBySide: many groups and many people cost the time of one answer, so
// that a click is answered within the three seconds that Slack waits.
func TestFactsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const takes = 700 * time.Millisecond
		d := lateTown{approvalstest.Town{People: map[string]approvals.Facts{}, Groups: map[string][]string{}}, takes}
		var list approvals.List
		for i := range 12 {
			group := fmt.Sprint("S", i)
			list.Groups, d.Groups[group] = append(list.Groups, group), nil
		}
		d.Groups["S11"] = []string{"U2"}
		r := approvalstest.Sample(approvals.Pending, "")
		r.Approvals = nil
		for i := range 5 {
			id := fmt.Sprint("U1", i)
			d.People[id] = approvals.Facts{Person: approvals.Person{ID: id}}
			r.Approvals = append(r.Approvals, approvals.Approval{By: approvals.Person{ID: id}})
		}
		d.People[r.By.ID], d.People["U2"] = approvals.Facts{Person: r.By}, approvals.Facts{Person: approvals.Person{ID: "U2"}}
		p := people{d, ruled(approvals.Rule{Approvers: list, Requesters: approvals.List{Users: []string{r.By.ID}}})}
		took := func(what string, most time.Duration, do func() error) {
			t.Helper()
			start := time.Now()
			if err := do(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if took := time.Since(start); took > most {
				t.Errorf("%s took %s, want at most %s", what, took, most)
			}
			synctest.Wait()
		}
		took("whether somebody decides", 2*takes, func() error {
			f, err := p.facts(t.Context(), "U2", approvals.ToApprove, r)
			if err == nil && !f.Decides {
				return fmt.Errorf("U2 does not decide: %+v", f)
			}
			return err
		})
		took("who the approvers are", takes, func() error {
			if all := p.approvers(t.Context(), "collect"); len(all.ids) != 1 || len(all.groups) != 11 {
				return fmt.Errorf("they are %+v", all)
			}
			return nil
		})
		took("whether the requester may still ask, and who approved before", takes+2*aMoment, func() error { return p.stillAsked(t.Context(), r, "U2") })
		roster, _ := newRoster(newCrowd(), p.policy)
		roster.people = p
		took("the groups at the start", takes, func() error { roster.readGroups(t.Context(), roster.groupsOnLists()); return nil })
	})
}

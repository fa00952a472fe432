package bot

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/defender"
	"defenderbot/internal/slackfake"
)

// homes are the homes that people can see.
func homes() map[string]office.Home {
	waits := shownAt(pending("isolate", 1), "1764817920.000100")
	second := renamed(shownAt(oneGiven(twoNeeded(pending("investigate", 2))), "1764817980.000100"), "D-8M4H2R")
	own := renamed(shownAt(pending("scan", 1), "1764818000.000100"), "D-2K7W5T")
	running := renamed(approved("collect", openCalls()["queued"]), "D-9R3Y6B")
	result := renamed(done("collect", ran()), "D-5X2J8N")
	return map[string]office.Home{
		"frozen":  {User: grace, Frozen: frost(), MayFreeze: true, Windows: windows(0)},
		"barred":  {User: grace, Barred: true},
		"unsure":  {User: grace, Unsure: true, Windows: windows(0)},
		"nothing": {User: ada, Windows: windows(0)},
		"approver": {
			User: grace, Waiting: office.Listing{Requests: []approvals.Request{waits, second}, Everywhere: true},
			Ended: office.Listing{Requests: []approvals.Request{result}}, Windows: windows(3), MayFreeze: true,
		},
		"requester": {
			User: ada, Mine: office.Listing{Requests: []approvals.Request{own, running, result}},
			Ended: office.Listing{Requests: []approvals.Request{result}}, Windows: windows(3),
		},
	}
}

func shownAt(r approvals.Request, ts string) approvals.Request {
	r.Card.TS = ts
	return r
}

func renamed(r approvals.Request, id string) approvals.Request {
	r.ID = id
	return r
}

// lots are many requests that wait, each with that many devices.
func lots(n int, action string, devices int) (list []approvals.Request) {
	for i := range n {
		r := renamed(shownAt(pending(action, devices), fmt.Sprintf("17648179%02d.000100", i)), fmt.Sprintf("D-%s%04d", action[:2], i))
		list = append(list, r)
	}
	return list
}

// windows are two, of which that many calls were made.
func windows(used int) []office.WindowState {
	return []office.WindowState{
		{Endpoint: "collectInvestigationPackage", Actions: []string{"collect"}, Waiting: used, Limits: []office.LimitState{
			{Limit: defender.Limit{Calls: 100, Per: time.Minute}, Used: used}, {Limit: defender.Limit{Calls: 1500, Per: time.Hour}, Used: 2 * used},
		}},
		{Endpoint: "machines", Limits: []office.LimitState{{Limit: defender.Limit{Calls: 100, Per: time.Minute}, Used: used}}},
	}
}

// TestHomeViews holds each home to its golden file, and to Slack's limits.
func TestHomeViews(t *testing.T) {
	var read bytes.Buffer
	for _, name := range sortedKeys(homes()) {
		v := view{Blocks: views().home("/defender", homes()[name], nil)}
		golden(t, "../home/"+name+".json", indented(t, v))
		read.WriteString("=== " + name + "\n" + reading(t, v) + "\n")
		body := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: v.Blocks}}
		if err := slackfake.CheckHome(encoded(t, body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := view{Blocks: views().home("/defender", homes()["nothing"], say("You approved D-7K3F9Q. Follow it on its card."))}
	read.WriteString("=== answered\n" + reading(t, v) + "\n")
	golden(t, "../home/as-people-read-them.txt", read.Bytes())
}

// TestHomeFull holds the fullest home to Slack's limits, and has it count what has no room,
// whether that was read or not.
func TestHomeFull(t *testing.T) {
	for _, devices := range []int{1, 4, 20} {
		h := office.Home{User: grace, Windows: windows(3), Waiting: office.Listing{Requests: lots(25, "scan", devices), More: 7}}
		h.Mine = office.Listing{Requests: lots(20, "scan-quick", 1), More: 2}
		for i := range h.Waiting.Requests {
			h.Waiting.Requests[i].Comment = strings.Repeat("<", 1000)
		}
		v := view{Blocks: views().home("/defender", h, say("You approved D-7K3F9Q."))}
		if err := slackfake.CheckHome(encoded(t, slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: v.Blocks}})); err != nil {
			t.Errorf("%d devices: %v", devices, err)
		}
		text := reading(t, v)
		shown := strings.Count(text, "[ Approve ]")
		own := strings.Count(text, "[ Cancel request ]") - shown
		waiting, mine := fmt.Sprintf("And %d more", 32-shown), fmt.Sprintf("And %d more", 22-own)
		if shown == 0 || shown+own > homeRequests || !strings.Contains(text, waiting) || !strings.Contains(text, mine) {
			t.Errorf("%d devices: %d wait and %d are of their own on the home, which does not say %q and %q", devices, shown, own, waiting, mine)
		}
	}
}

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
		"barred":  {User: grace, Barred: true},
		"nothing": {User: ada, Windows: windows(0)},
		"approver": {
			User: grace, Waiting: office.Listing{Requests: []approvals.Request{waits, second}, Everywhere: true},
			Ended: office.Listing{Requests: []approvals.Request{result}}, Windows: windows(3),
		},
		"requester": {
			User: ada, Mine: office.Listing{Requests: []approvals.Request{own, running, result}},
			Ended: office.Listing{Requests: []approvals.Request{result}}, Windows: windows(3),
		},
		"many": {
			User: grace, Waiting: office.Listing{Requests: lots(25, "scan", 20), More: 7},
			Mine: office.Listing{Requests: lots(20, "scan-quick", 1), More: 2}, Windows: windows(3),
		},
		"many-own": {User: ada, Mine: office.Listing{Requests: lots(25, "scan", 1)}, Windows: windows(0)},
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

// lots are many requests that wait, each with that many devices and the longest comment.
func lots(n int, action string, devices int) (list []approvals.Request) {
	for i := range n {
		r := renamed(shownAt(pending(action, devices), fmt.Sprintf("17648179%02d.000100", i)), fmt.Sprintf("D-%s%04d", action[:2], i))
		r.Comment = strings.Repeat("x", 1000)
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
		{Endpoint: "machines", Limits: []office.LimitState{{Limit: defender.Limit{Calls: 100, Per: time.Minute}}}},
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

// TestHomeSaysHowMany: what has no room is counted, whether it was read or not.
func TestHomeSaysHowMany(t *testing.T) {
	h := homes()["many"]
	text := reading(t, view{Blocks: views().home("/defender", h, nil)})
	shown := strings.Count(text, "Expires ")
	if want := fmt.Sprintf("And %d more", len(h.Waiting.Requests)+h.Waiting.More-shown); shown == 0 || shown > homeRequests || !strings.Contains(text, want) {
		t.Errorf("%d shown, and the home does not say %q", shown, want)
	}
}

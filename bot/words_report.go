package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// mostNoted is how many requests, or pairs of people, a part of a report names.
const mostNoted = 5

// reportPage sums up what was asked and decided.
func (v Views) reportPage(s approvals.Summary) page {
	total := 0
	for _, c := range s.Counts {
		total += c.N
	}
	p := page{says(strong(counted(total, "request")), words(" ended between "), when(s.Since), words(" and "), when(s.Until), words("."))}
	if total == 0 {
		return page{says(words("No request ended between "), when(s.Since), words(" and "), when(s.Until), words("."))}
	}
	for _, action := range actionsOf(s) {
		p = append(p, says(wordsf("• %s: %s", v.titleOf(action), outcomesOf(s, action))))
	}
	p = append(p, chart(s)...)
	p = append(p, decidedIn(s))
	p = append(p, v.waits("Waited longest for a decision:", s.Longest)...)
	p = append(p, v.waits("⚠️ Decided in less than 5 seconds, so perhaps without reading:", s.Hasty)...)
	p = append(p, pairs(s.Pairs)...)
	if s.Beyond > 0 {
		p = append(p, says(wordsf("Not included: %s, because there are too many.", counted(s.Beyond, "older request"))))
	}
	return p
}

func (v Views) titleOf(action string) string {
	return v.action(approvals.Request{Action: action}).Title
}

// actionsOf are the actions of a report, the most frequent first.
func actionsOf(s approvals.Summary) (names []string) {
	n := map[string]int{}
	for _, c := range s.Counts {
		if n[c.Action] == 0 {
			names = append(names, c.Action)
		}
		n[c.Action] += c.N
	}
	slices.SortStableFunc(names, func(a, b string) int { return n[b] - n[a] })
	return names
}

// endings are the ways in which a request can end, in the order in which they are told.
func endings() []string {
	return []string{
		string(approvals.AllSucceeded), string(approvals.Partly), string(approvals.AllFailed), string(approvals.OutcomeUnsure),
		string(approvals.Denied), string(approvals.Expired), string(approvals.AllLapsed), string(approvals.Cancelled), string(approvals.Rejected),
	}
}

// ending is a way to end in words, for a sentence.
func ending(how string) string {
	switch how {
	case string(approvals.Partly):
		return "partly succeeded"
	case string(approvals.OutcomeUnsure):
		return "of unknown outcome"
	case string(approvals.AllLapsed):
		return "approved and not sent in time"
	case string(approvals.Rejected):
		return "not submitted for approval"
	}
	return how
}

// outcomesOf says how the requests for an action ended.
func outcomesOf(s approvals.Summary, action string) string {
	n := map[string]int{}
	order := endings()
	for _, c := range s.Counts {
		if c.Action != action {
			continue
		}
		if n[c.How] += c.N; !slices.Contains(order, c.How) { // of another version
			order = append(order, c.How)
		}
	}
	var parts []string
	for _, how := range order {
		if n[how] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[how], ending(how)))
		}
	}
	return strings.Join(parts, ", ")
}

func decidedIn(s approvals.Summary) para {
	switch s.Decided {
	case 0:
		return says(words("None was approved or denied."))
	case 1:
		return says(wordsf("Approved or denied: 1, after %s.", briefly(s.Median)))
	}
	return says(wordsf("Approved or denied: %d, half of them within %s.", s.Decided, briefly(s.Median)))
}

// briefly is how long somebody took: of the first, seconds count.
func briefly(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than a second"
	case d < 10*time.Second:
		return counted(int(d.Seconds()), "second")
	}
	return inWords(d)
}

// waits are requests and how long each took to be decided.
func (v Views) waits(head string, list []approvals.SummaryWait) page {
	if len(list) == 0 {
		return nil
	}
	p := page{says(words(head))}
	for _, w := range list[:min(len(list), mostNoted)] {
		spans := []span{words("• "), code(w.Request), words(" " + v.titleOf(w.Action) + ", asked by "), mention(w.Asked.ID)}
		if w.Decided.ID == "" {
			spans = append(spans, wordsf(": no decision after %s", briefly(w.Took)))
		} else {
			spans = append(spans, words(", decided by "), mention(w.Decided.ID), wordsf(" after %s", briefly(w.Took)))
		}
		p = append(p, says(spans...))
	}
	return append(p, andMore(len(list))...)
}

func andMore(n int) page {
	if n <= mostNoted {
		return nil
	}
	return say(fmt.Sprintf("• and %d more", n-mostNoted))
}

// pairs are people of whom one approved all that the other asked for.
func pairs(list []approvals.SummaryPair) page {
	if len(list) == 0 {
		return nil
	}
	p := say("⚠️ Always approved by the same person:")
	for _, pair := range list[:min(len(list), mostNoted)] {
		p = append(p, says(words("• "), mention(pair.Approver.ID), wordsf(" approved all %d of ", pair.N), mention(pair.Requester.ID)))
	}
	return append(p, andMore(len(list))...)
}

// Limits of Slack's chart
// (https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block/).
const (
	chartLabel  = 20 // characters
	chartPoints = 20 // categories
)

// bands are what the chart tells apart: it takes six series.
func bands() []string {
	return []string{"Succeeded", "Partly succeeded", "Failed or unknown", "Denied", "Expired", "Cancelled or invalid"}
}

// bandOf is where a way to end is drawn; empty: another version's.
func bandOf(how string) string {
	switch how {
	case string(approvals.AllSucceeded):
		return "Succeeded"
	case string(approvals.Partly):
		return "Partly succeeded"
	case string(approvals.AllFailed), string(approvals.OutcomeUnsure):
		return "Failed or unknown"
	case string(approvals.Denied):
		return "Denied"
	case string(approvals.Expired), string(approvals.AllLapsed):
		return "Expired"
	case string(approvals.Cancelled), string(approvals.Rejected):
		return "Cancelled or invalid"
	}
	return ""
}

// chart draws the counts of a report, which its lines say too.
func chart(s approvals.Summary) page {
	actions := actionsOf(s)
	actions = actions[:min(len(actions), chartPoints)]
	n := map[[2]string]int{}
	for _, c := range s.Counts {
		n[[2]string{bandOf(c.How), c.Action}] += c.N
	}
	var series []slack.DataVisualizationDataSeries
	for _, band := range bands() {
		var points []slack.DataVisualizationDataPoint
		total := 0
		for _, a := range actions {
			points = append(points, slack.NewDataVisualizationDataPoint(cut(a, chartLabel), float64(n[[2]string{band, a}])))
			total += n[[2]string{band, a}]
		}
		if total > 0 {
			series = append(series, slack.NewDataVisualizationDataSeries(band, points...))
		}
	}
	if len(series) == 0 {
		return nil
	}
	return page{{kind: charted, chart: slack.NewDataVisualizationBlock("How requests ended", slack.NewDataVisualizationBarChart(axis(actions), series...))}}
}

func axis(actions []string) slack.DataVisualizationAxisConfig {
	labels := make([]string, len(actions))
	for i, a := range actions {
		labels[i] = cut(a, chartLabel)
	}
	return slack.NewDataVisualizationAxisConfig(labels...).WithYLabel("requests")
}

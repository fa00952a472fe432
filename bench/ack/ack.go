// Package ack measures how long a person waits for the answer to a command that must not be
// lost: the bot beside what it could have been made of.
package ack

import (
	"context"
	"errors"
	"fmt"

	"defenderbot/bench/side"
)

const about = `From the moment Slack sends a command to the moment it has the acknowledgement. Every program acknowledges only after Redis has answered, with appendfsync always. *eval* is slack-go and one EVALSHA that makes as many reads and writes as the bot's script does when it records a request, *bare* is slack-go and one SET, *Bolt 4* is Bolt for JavaScript with node-redis and one SET (bench/peers). They check nothing about the person and do nothing afterwards. The bot checks who asks and where, and does all the rest of a request in the same process: it looks the device up at Defender and posts a card.

For each figure the program is started anew, in a workspace of its own and on an emptied Redis, and warmed up with 256 commands; programs take turns within each of the %d rounds. Commands come from 32 people in 256 channels, each about another device. Where there is a rate, commands come at random moments (a Poisson process with the same seed for all programs), and time counts from when a command should have been sent. Values are medians of the rounds' p50 and p99. At 1 a second there are too few commands for a p99, so all rounds are put together and the longest is given. A command that was not recorded counts as three seconds, after which Slack gives up. The bot has two sockets, its default; the others have the one that their libraries open. For the second table, %d commands are sent first, 64 at a time; the load begins once those are acknowledged, while their look-ups and cards are still to be done.

Three things differ from real life. Microsoft's limit of 100 look-ups a minute is lifted, as otherwise most look-ups would only wait: what the bot remembers of them is deleted five times a second, which is a write to Redis beside the bot's own. The bot knows the people and channels from the warm-up; somebody's first command in a minute costs it a call to Slack before the answer. And Slack, Defender and whoever types run in one process on the same processors: the last tables show how much of them it takes. They also show how much of the rest of the work was done during the load: a card is one call to Slack, and what is left over is done after the load.`

// Run is the study.
func Run(ctx context.Context, lab *side.Lab) (_ side.Report, err error) {
	contenders, err := lab.Contenders(ctx)
	if err != nil {
		return side.Report{}, err
	}
	r, err := lab.Redis(ctx)
	if err != nil {
		return side.Report{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rounds := side.Pick(lab, 3, 1)
	report := side.Report{About: fmt.Sprintf(about, rounds, behind)}
	alone, err := compare(ctx, lab, r, contenders, plain(lab), rounds)
	if err != nil {
		return side.Report{}, err
	}
	busy, err := compare(ctx, lab, r, contenders, beside(lab), rounds)
	if err != nil {
		return side.Report{}, err
	}
	report.Tables = []side.Table{
		alone.times("Nothing else to do, ms"),
		busy.times(fmt.Sprintf("Beside the look-ups and cards of %d earlier requests, ms", behind)),
		alone.costs("Nothing else to do"), busy.costs("Beside earlier requests"),
	}
	report.Targets = append(alone.targets(""), busy.targets("beside earlier requests, ")...)
	return report, nil
}

// compare puts loads on all contenders in turn, in a number of rounds. Each round begins with
// another contender.
func compare(ctx context.Context, lab *side.Lab, r *side.Redis, contenders []side.Contender, loads []load, rounds int) (comparison, error) {
	cells := make(map[string][][]cell)
	for _, c := range contenders {
		cells[c.Name] = make([][]cell, len(loads))
	}
	for round := range rounds {
		for i, l := range loads {
			for turn := range contenders {
				c := contenders[(turn+round)%len(contenders)]
				m, err := measure(ctx, r, c, l, uint64(round))
				if err != nil {
					return comparison{}, fmt.Errorf("%s, %s: %w", c.Name, l.name(), err)
				}
				lab.Say("  %s, %s, round %d: p50 %s, p99 %s ms, %.0f a second, %d lost, %d calls to Slack", c.Name, l.name(), round+1,
					side.MS(side.Millis(m.took.At(50))), side.MS(side.Millis(m.took.At(99))), m.recorded(), m.lost, m.calls)
				cells[c.Name][i] = append(cells[c.Name][i], m)
			}
		}
	}
	return newComparison(contenders, loads, cells), nil
}

package main

import (
	"defenderbot/bench/ack"
	"defenderbot/bench/click"
	"defenderbot/bench/due"
	"defenderbot/bench/fair"
	"defenderbot/bench/growth"
	"defenderbot/bench/side"
	"defenderbot/bench/size"
	"defenderbot/bench/window"
)

// studies are all studies, in the order of the document.
func studies() []side.Study {
	return []side.Study{
		{Name: "ack", Title: "Command to acknowledgement", Run: ack.Run},
		{Name: "click", Title: "Click to Defender", Run: click.Run},
		{Name: "window", Title: "Windows", Run: window.Run},
		{Name: "due", Title: "Due to done", Run: due.Run},
		{Name: "size", Title: "Size", Run: size.Run},
		{Name: "growth", Title: "Growth", Run: growth.Run},
		{Name: "fair", Title: "Fairness", Run: fair.Run},
	}
}

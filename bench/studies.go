package main

import (
	"defenderbot/bench/click"
	"defenderbot/bench/side"
	"defenderbot/bench/window"
)

// studies are all studies, in the order of the document.
func studies() []side.Study {
	return []side.Study{
		{Name: "click", Title: "from a click to the call to Defender", Run: click.Run},
		{Name: "window", Title: "may a call leave now, against redis_rate and a bare script", Run: window.Run},
	}
}

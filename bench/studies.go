package main

import (
	"defenderbot/bench/ack"
	"defenderbot/bench/side"
)

// studies are all studies, in the order of the document.
func studies() []side.Study {
	return []side.Study{
		{Name: "ack", Title: "Command to acknowledgement", Run: ack.Run},
	}
}

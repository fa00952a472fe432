package main

import (
	"defenderbot/bench/due"
	"defenderbot/bench/side"
)

// studies are all studies, in the order of the document.
func studies() []side.Study {
	return []side.Study{
		{Name: "due", Title: "from due to done", Run: due.Run},
	}
}

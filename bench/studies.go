package main

import "defenderbot/bench/side"

// studies are all studies, in the order of the document.
func studies() []side.Study {
	return []side.Study{}
}

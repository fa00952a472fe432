package defender

// Notice is what Microsoft has announced about the action, in one sentence; empty: it
// offers it.
func (a Action) Notice() string {
	if a.Ended == nil {
		return ""
	}
	return a.Ended.Notice
}

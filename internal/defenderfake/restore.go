package defenderfake

// Restore puts actions and investigations of another tenant into this one. They stand still in
// the status they have until [Server.Finish] ends them.
func (s *Server) Restore(actions []Action, investigations []Investigation) {
	s.change(func(t *tenant) {
		for _, a := range actions {
			p := progress{created: a.Created, words: [3]string{a.Status, a.Status, a.Status}, open: openStatuses()}
			t.actions = append(t.actions, &action{a, p})
		}
		for _, i := range investigations {
			p := progress{created: i.Started, words: [3]string{i.State, i.State, i.State}, open: openStates}
			t.investigations = append(t.investigations, &investigation{Investigation: i, progress: p})
		}
	})
}

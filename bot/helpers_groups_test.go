package bot

import "context"

// membersOf are the ids of the people in a user group.
func membersOf(ctx context.Context, w *Workspace, group string) ([]string, error) {
	g, err := w.Group(ctx, group)
	return g.Members, err
}

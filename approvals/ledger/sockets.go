package ledger

import (
	"context"
	"fmt"
	"time"
)

// socketsLife is for how long a process that says nothing more is counted.
const socketsLife = 45 * time.Second

// Sockets notes how many sockets to the chat a process has, and answers how many all
// processes of the installation have together. It is to be called more often than
// three times in 45 seconds.
func (s *Store) Sockets(ctx context.Context, process string, n int) (all int, err error) {
	var answer struct {
		timed

		All int `json:"all"`
	}
	if _, err := s.run(ctx, s.scripts.sockets, []string{s.keys.sockets()}, &answer, process, n, socketsLife.Milliseconds()); err != nil {
		return 0, fmt.Errorf("count sockets: %w", err)
	}
	return answer.All, nil
}

package ledger

import (
	"context"
	"fmt"
	"time"
)

const (
	socketsLife  = 45 * time.Second // for how long a process that says nothing more is counted
	greetingLife = 48 * time.Hour   // for how long it is known what the chat said last; it says so every few hours
)

// Greeting is how many sockets the app had when the chat last said so, and how many of them
// the processes of the installation had then; what is beyond that is somebody else's. The
// zero Greeting: it has not said so lately.
type Greeting struct {
	Named, Ours int
	At          time.Time // by Redis's clock; [Store.Sockets] fills it in
}

// Sockets notes how many sockets to the chat a process has, and a greeting that is judged,
// if there is one. It answers how many sockets all processes of the installation have
// together. It is to be called more often than three times in 45 seconds.
func (s *Store) Sockets(ctx context.Context, process string, n int, news Greeting) (all int, err error) {
	var answer struct {
		timed

		All int `json:"all"`
	}
	args := []any{process, n, socketsLife.Milliseconds(), news.Named, news.Ours, greetingLife.Milliseconds()}
	if _, err := s.run(ctx, s.scripts.sockets, []string{s.keys.sockets(), s.keys.greeting()}, &answer, args...); err != nil {
		return 0, fmt.Errorf("count sockets: %w", err)
	}
	return answer.All, nil
}

// Census is what the processes of the installation have said of their sockets.
type Census struct {
	Processes int // that have said something in the last 45 seconds; one that was killed may be among them
	Sockets   int // that they have together
	Greeting  Greeting
}

type censusReply struct {
	timed

	Processes int   `json:"processes"`
	Sockets   int   `json:"sockets"`
	At        int64 `json:"at"`
	Named     int   `json:"named"`
	Ours      int   `json:"ours"`
}

// Census reads what [Store.Sockets] has noted, and changes nothing.
func (s *Store) Census(ctx context.Context) (Census, error) {
	var answer censusReply
	if _, err := s.run(ctx, s.scripts.census, []string{s.keys.sockets(), s.keys.greeting()}, &answer, socketsLife.Milliseconds()); err != nil {
		return Census{}, fmt.Errorf("read how many sockets there are: %w", err)
	}
	c := Census{Processes: answer.Processes, Sockets: answer.Sockets}
	if answer.Named > 0 {
		c.Greeting = Greeting{Named: answer.Named, Ours: answer.Ours, At: time.UnixMilli(answer.At)}
	}
	return c, nil
}

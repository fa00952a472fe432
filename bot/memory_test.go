package bot

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/internal/testclock"
)

// TestMemoryManyAskers: many who ask at once cost one question.
func TestMemoryManyAskers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(time.Now)
		var questions atomic.Int32
		answer := make(chan string)
		ask := func(context.Context) (string, error) {
			questions.Add(1)
			return <-answer, nil
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got, err := recall(t.Context(), m, "key", ask); got != "yes" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		synctest.Wait() // all of them wait for the one answer
		answer <- "yes"
		all.Wait()
		if n := questions.Load(); n != 1 {
			t.Errorf("%d questions", n)
		}
	})
}

// TestMemoryAskerLeaves: an asker who gives up gets no answer and spoils nobody's.
func TestMemoryAskerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(time.Now)
		answer := make(chan string)
		ask := func(ctx context.Context) (string, error) {
			select {
			case a := <-answer:
				return a, nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := recall(ctx, m, "key", ask); gone <- err }()
		synctest.Wait()
		stayed := make(chan string, 1)
		go func() { got, _ := recall(t.Context(), m, "key", ask); stayed <- got }()
		synctest.Wait()
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		answer <- "yes"
		if got := <-stayed; got != "yes" {
			t.Errorf("who stayed got %q", got)
		}
	})
}

// TestMemoryAge: what Slack said may have been true when it was
// asked, and no longer when it answered.
func TestMemoryAge(t *testing.T) {
	clock := testclock.New(asked)
	m := newMemory(clock.Now)
	questions := 0
	ask := func(context.Context) (int, error) {
		questions++
		clock.Advance(40 * time.Second)
		return questions, nil
	}
	for range 2 {
		if _, err := recall(t.Context(), m, "key", ask); err != nil {
			t.Fatal(err)
		}
		clock.Advance(20 * time.Second)
	}
	if questions != 2 {
		t.Errorf("%d questions, want another one a minute after the first began", questions)
	}
}

func TestMemoryBounded(t *testing.T) {
	m := newMemory(func() time.Time { return asked })
	for i := range 3 * mostKept {
		_, err := recall(t.Context(), m, strconv.Itoa(i), func(context.Context) (int, error) { return i, nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(m.kept) > mostKept {
		t.Errorf("%d answers are kept, want at most %d", len(m.kept), mostKept)
	}
}

// TestMemoryAhead: what is in use is asked for again before it is too old, beside
// giving it, once for all who want it, and not at once after a try that failed.
func TestMemoryAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(time.Now)
		asked, down := 0, false
		want := func(answer, questions int, when string) {
			t.Helper()
			for range 3 {
				got, err := recall(t.Context(), m, "key", func(context.Context) (int, error) {
					time.Sleep(100 * time.Millisecond)
					if asked++; down {
						return 0, errors.New("slack is down")
					}
					return asked, nil
				})
				if err != nil || got != answer {
					t.Errorf("%s: %d, %v, want %d", when, got, err, answer)
				}
			}
			time.Sleep(time.Second)
			synctest.Wait() // what was asked beside it is answered
			if asked != questions {
				t.Errorf("%s: %d questions, want %d", when, asked, questions)
			}
		}
		want(1, 1, "at first")
		time.Sleep(aging - 5*time.Second)
		want(1, 1, "while it is young")
		down = true
		time.Sleep(4 * time.Second)
		want(1, 2, "when it ages")
		want(1, 2, "right after a try that failed")
		time.Sleep(aheadAgain)
		want(1, 3, "a while after that")
		down = false
		time.Sleep(aheadAgain)
		want(1, 4, "when Slack is back")
		want(4, 4, "with the new answer")
		down = true
		time.Sleep(fresh - 3*time.Second)
		want(4, 5, "when the new answer ages")
		time.Sleep(3 * time.Second)
		if _, err := recall(t.Context(), m, "key", func(context.Context) (int, error) { return 0, errors.New("slack is down") }); err == nil {
			t.Error("an answer that is a minute old is given")
		}
	})
}

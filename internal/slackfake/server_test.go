package slackfake

import (
	"context"
	"errors"
	"testing"
)

func TestWaitEnds(t *testing.T) {
	s, _ := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(*Server) bool { return false }
	if err := s.Wait(ctx, never); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	s.Close()
	if err := s.Wait(t.Context(), never); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := Start(Options{}); err == nil {
		t.Error("no error without a clock")
	}
}

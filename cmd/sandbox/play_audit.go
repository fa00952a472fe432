package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/audit"
	"defenderbot/internal/sandbox"
)

// sealLog keeps what the bot's log says of seals, as somebody does who does not trust Redis.
type sealLog struct {
	mu   sync.Mutex
	text bytes.Buffer
	came chan struct{} // has something when a seal has come
}

func newSealLog() *sealLog { return &sealLog{came: make(chan struct{}, 1)} }

func (l *sealLog) Write(line []byte) (int, error) {
	if !bytes.Contains(line, []byte(audit.LogMessage)) {
		return len(line), nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.came <- struct{}{}:
	default:
	}
	return l.text.Write(line)
}

// seals are those that have come.
func (l *sealLog) seals() ([]audit.Seal, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return audit.ReadSeals(strings.NewReader(l.text.String()))
}

// audited verifies the audit trail of the story, against the seals in the bot's log.
func (s *story) audited() (err error) {
	s.note("bot audit verify -against the seals in its log")
	if err := s.sealed(); err != nil {
		return err
	}
	config, err := s.env.AuditConfig(s.place.Now())
	if err != nil {
		return err
	}
	trail, err := app.OpenTrail(s.ctx, config, app.Options{Catalogue: s.catalogue, Clock: s.place.Now, Version: "sandbox"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trail.Close()) }()
	kept, err := s.log.seals()
	if err != nil {
		return fmt.Errorf("the seals in the log: %w", err)
	}
	report, err := trail.Verify(s.ctx, kept)
	if err != nil {
		return err
	}
	said := trail.Summary(report, len(kept))
	s.print("%s\n", indent(said))
	switch {
	case len(report.Findings) > 0:
		return errors.New("the audit trail is not what was sealed")
	case report.Seals > 0 && !strings.Contains(said, fmt.Sprintf("all %d seals are signed, and each signature is good", report.Seals)):
		return errors.New("there is a key, and not each seal has its signature")
	}
	var lines bytes.Buffer
	if err := trail.Export(s.ctx, io.Writer(&lines), false); err != nil {
		return err
	}
	s.note("bot audit export writes %d lines", bytes.Count(lines.Bytes(), []byte("\n")))
	return nil
}

// sealed lets a minute pass, after which what has happened is sealed. A Redis with a time of
// its own has no minute to spare: there the trail ends without a seal.
func (s *story) sealed() error {
	select { // one of before
	case <-s.log.came:
	default:
	}
	if err := s.place.Skip(2 * time.Minute); errors.Is(err, sandbox.ErrOwnTime) {
		return nil
	}
	select {
	case <-s.log.came:
		return nil
	case <-s.ctx.Done():
		return fmt.Errorf("no seal in the log: %w", s.ctx.Err())
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"defenderbot/internal/sandbox"
)

// collection is a package that is collected while the story goes on.
func (s *story) collection() error {
	card, err := s.ask(sandbox.Ada, "collect srv-db-01.contoso.example what the logins did")
	if err != nil {
		return err
	}
	return s.press(sandbox.Grace, card, "approve", "You approved")
}

// packaged is how it gets into the hands of who asked.
func (s *story) packaged() error {
	card, err := s.see("the package is ready", "Succeeded", "what the logins did")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Ada, card, "package", "Download the package"); err != nil {
		return err
	}
	said := s.place.Slack.Ephemerals(sandbox.Ada)
	size, err := fetch(s.ctx, said[len(said)-1].Blocks)
	s.note("the link leads to the package, %d bytes", size)
	return err
}

var linked = regexp.MustCompile(`"url":("[^"]+/safedownload/[^"]+")`)

// fetch gets what the link in a message leads to.
func fetch(ctx context.Context, blocks json.RawMessage) (int64, error) {
	found := linked.FindSubmatch(blocks)
	if found == nil {
		return 0, errors.New("there is no link to the package")
	}
	var url string
	if err := json.Unmarshal(found[1], &url); err != nil {
		return 0, fmt.Errorf("the link to the package: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, fmt.Errorf("fetch the package: %w", err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("fetch the package: %w", err)
	}
	defer answer.Body.Close()
	size, err := io.Copy(io.Discard, answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("fetch the package: %s", answer.Status)
	}
	return size, err
}

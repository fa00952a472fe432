package upgrade_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

// The files that the version before has left.
const (
	redisData = "testdata/redis"
	worldFile = "testdata/world.json"
)

// world is what stood in Slack and Defender when the version before was killed.
type world struct {
	At             time.Time                    `json:"at"`
	Messages       []slackfake.Message          `json:"messages"`
	Actions        []defenderfake.Action        `json:"actions"`
	Investigations []defenderfake.Investigation `json:"investigations"`
}

func readWorld(t *testing.T) (w world) {
	t.Helper()
	text, err := os.ReadFile(worldFile)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer // so that blocks are as Slack sends them
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(compact.Bytes(), &w); err != nil { //nolint:musttag // both ends are this test: the names of the fields do
		t.Fatal(err)
	}
	return w
}

func (w world) write(t *testing.T) {
	t.Helper()
	for i, m := range w.Messages {
		w.Messages[i].Versions = m.Versions[len(m.Versions)-1:] // what it looked like before matters to nobody
	}
	text, err := json.MarshalIndent(w, "", " ") //nolint:musttag // as above
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(worldFile, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

package click

import (
	"testing"

	"defenderbot/internal/slackfake"
)

func TestCopy(t *testing.T) {
	m := slackfake.Message{Text: "Approve?", Blocks: []byte(`[{"type":"header"},{"type":"rich_text","elements":[{"elements":[{"text":"D-8EVH2M"}]}]},` +
		`{"type":"actions","elements":[{"action_id":"deny","value":"D-8EVH2M.1"},{"action_id":"approve","value":"D-8EVH2M.1"}]}]`)}
	s, err := sampleOf(m)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := sampleOf(slackfake.Message{Blocks: s.about(one).Blocks})
	if err != nil || copied.value != one || len(copied.blocks) != len(m.Blocks)+2*(len(one)-len(s.value)) {
		t.Errorf("a copy: %s and %v", copied.blocks, err)
	}
	if _, err := sampleOf(slackfake.Message{Blocks: []byte(`[{"type":"actions","elements":[{"action_id":"deny","value":"x"}]}]`)}); err == nil {
		t.Error("a card without the button is taken")
	}
}

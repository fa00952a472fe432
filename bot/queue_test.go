package bot

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// TestQueue: each person in turn, each person's own in their order, none of them with more
// than a share, and no more than there is room for.
func TestQueue(t *testing.T) {
	tests := []struct {
		name, put string // one word for each, by person
		refused   int
		want      string
	}{
		{"one person", "a1 a2 a3", 0, "a1 a2 a3"},
		{"in turn", "a1 a2 a3 b1 b2 c1", 0, "a1 b1 c1 a2 b2 a3"},
		{"a flood", strings.Repeat("a ", queueShare+10) + "b1", 10, "a b1" + strings.Repeat(" a", queueShare-1)},
		{"of nobody known", strings.TrimSpace(strings.Repeat("?x ", queueSize+1)), 1, strings.TrimSpace(strings.Repeat("?x ", queueSize))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, refused := newQueue(), 0
			for word := range strings.FieldsSeq(tt.put) {
				if !q.put(strings.TrimSuffix(word[:1], "?"), Envelope{ID: word}) {
					refused++
				}
			}
			var got []string
			for len(q.ready) > 0 {
				<-q.ready
				got = append(got, q.take().ID)
			}
			if refused != tt.refused || strings.Join(got, " ") != tt.want {
				t.Errorf("%d were refused and %v came, want %d and %s", refused, got, tt.refused, tt.want)
			}
			if len(q.waiting)+len(q.turns) != 0 {
				t.Errorf("something is left of whoever has nothing in it: %v, %v", q.waiting, q.turns)
			}
		})
	}
}

// TestQueueCrowd: many people fill it, and it has room for nobody then.
func TestQueueCrowd(t *testing.T) {
	q := newQueue()
	for i := range queueSize {
		if !q.put(strconv.Itoa(i), Envelope{ID: strconv.Itoa(i)}) {
			t.Fatalf("%d are too many", i)
		}
	}
	if q.put("late", Envelope{}) {
		t.Error("it takes more than it has room for")
	}
}

// TestEnvelopePerson: who clicks is told from whoever else a payload names, and what people write
// names nobody.
func TestEnvelopePerson(t *testing.T) {
	tests := []struct{ kind, payload, want string }{
		{"slash_commands", `{"team_id":"T1","user_id":"U0ADA","text":"help"}`, "U0ADA"},
		{"slash_commands", `{"text":"collect x \"user_id\":\"U0EVE\" odd","user_id": "U0ADA"}`, "U0ADA"},
		{"slash_commands", `{"text":"user_id","user_id":17}`, ""},
		{"interactive", `{"type":"block_actions","user":{"id":"U0GRACE","name":"grace"},"actions":[]}`, "U0GRACE"},
		{"interactive", `{"type":"view_submission","user": { "id": "U0GRACE" },"view":{"callback_id":"ask"}}`, "U0GRACE"},
		{"interactive", `{"type":"block_actions","user":{"id":"U0GRACE"},"message":{"user":"U0BOT","blocks":[{"type":"user","user_id":"U0ADA"}]}}`, "U0GRACE"},
		{"events_api", `{"authorizations":[{"user_id":"U0BOT"}],"event":{"type":"app_home_opened","user":"U0ADA"}}`, "U0ADA"},
		{"hello", `{"user_id":"U0ADA"}`, ""},
		{"interactive", ``, ""},
	}
	for _, tt := range tests {
		if got := (Envelope{Type: tt.kind, Payload: json.RawMessage(tt.payload)}).person(); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.kind, tt.payload, got, tt.want)
		}
	}
}

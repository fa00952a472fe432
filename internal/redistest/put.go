package redistest

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
)

// written is one key of a Redis as a file has it.
type written struct {
	Key    string             `json:"key"`
	Text   string             `json:"text"`
	Scores map[string]float64 `json:"scores"`
	Stream []string           `json:"stream"`
}

// Put puts into Redis what a file says.
func Put(t *testing.T, rdb redis.Cmdable, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []written
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		var err error
		switch {
		case k.Text != "":
			err = rdb.Set(t.Context(), k.Key, k.Text, 0).Err()
		case len(k.Scores) > 0:
			for member, score := range k.Scores {
				err = rdb.ZAdd(t.Context(), k.Key, redis.Z{Score: score, Member: member}).Err()
			}
		default:
			for _, entry := range k.Stream {
				err = rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: k.Key, Values: []any{"e", entry}}).Err()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

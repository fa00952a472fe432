package due

import (
	"reflect"
	"testing"
	"time"

	"defenderbot/bench/side"
)

func TestResumed(t *testing.T) {
	killed := time.UnixMilli(1000)
	hung := []job{{card, "C1"}, {resolve, "D-1"}}
	first := resumed(hung, map[job]time.Time{{card, "C1"}: killed.Add(59 * time.Second), {expire, "D-1"}: killed}, killed)
	want := takeOver{map[string]side.Sample{card: {59 * time.Second}}, map[string]int{resolve: 1}}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("resumed() = %v, want %v", first, want)
	}
	second := resumed(hung, map[job]time.Time{{card, "C1"}: killed.Add(58 * time.Second), {resolve, "D-1"}: killed.Add(29 * time.Second)}, killed)
	want = takeOver{map[string]side.Sample{card: {59 * time.Second, 58 * time.Second}, resolve: {29 * time.Second}}, map[string]int{resolve: 1}}
	if got := together([]takeOver{first, second}); !reflect.DeepEqual(got, want) {
		t.Errorf("together() = %v, want %v", got, want)
	}
}

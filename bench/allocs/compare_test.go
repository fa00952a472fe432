package main

import (
	"slices"
	"testing"
)

func TestCompare(t *testing.T) {
	at := func(name string, allocs, bytes int64) row { return row{"bot", name, allocs, bytes} }
	for name, tc := range map[string]struct {
		committed, now []row
		want           []string
	}{
		"the same":         {[]row{at("Card", 300, 5000)}, []row{at("Card", 300, 5000)}, nil},
		"within":           {[]row{at("Card", 300, 5000)}, []row{at("Card", 330, 4500)}, nil},
		"more":             {[]row{at("Card", 300, 5000)}, []row{at("Card", 331, 5501)}, []string{"bot Card: allocations up from 300 to 331", "bot Card: bytes up from 5000 to 5501"}},
		"one of few":       {[]row{at("Parse", 4, 128)}, []row{at("Parse", 5, 128)}, []string{"bot Parse: allocations up from 4 to 5"}},
		"out of nothing":   {[]row{at("Next", 0, 0)}, []row{at("Next", 1, 0)}, []string{"bot Next: allocations up from 0 to 1"}},
		"less":             {[]row{at("Card", 300, 5000)}, []row{at("Card", 269, 5000)}, []string{"bot Card: allocations down from 300 to 269, which is better: commit it"}},
		"not measured":     {[]row{at("Card", 300, 5000)}, nil, []string{"bot Card: is committed and was not measured"}},
		"not committed":    {nil, []row{at("Card", 300, 5000)}, []string{"bot Card: was measured and is not committed"}},
		"another package":  {[]row{{"app", "Card", 1, 1}}, []row{at("Card", 1, 1)}, []string{"app Card: is committed and was not measured", "bot Card: was measured and is not committed"}},
		"in another order": {[]row{at("A", 1, 1), at("B", 2, 2)}, []row{at("B", 2, 2), at("A", 1, 1)}, nil},
	} {
		if got := compare(tc.committed, tc.now); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

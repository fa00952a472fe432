package bot

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plainShapes are the shapes that a view has with texts that nobody could take for anything
// else: where there is little room for long ones, less is said beside them.
func plainShapes(t testing.TB, draw func(w writer) view) (all []shape) {
	t.Helper()
	for _, long := range []int{1, 20, 60, 200} {
		n := 0
		all = append(all, shapeOf(t, draw(func(string) string {
			n++
			return fmt.Sprint("word", n, strings.Repeat("x", long))
		})))
	}
	return all
}

// forged says what is wrong with a view that has texts of somebody in it, or is empty.
func forged(t testing.TB, v view, plain []shape) (what string) {
	t.Helper()
	got := shapeOf(t, v)
	for _, want := range plain {
		if what = differs(want, got); what == "" {
			return misleading(v.Text, v)
		}
	}
	return what
}

// TestViewsStructure: whatever people call themselves and their devices, write, and have
// Defender say, every view has the same blocks, elements, mentions, links and buttons, and
// nobody gets a line of their own outside a quote.
func TestViewsStructure(t *testing.T) {
	all := drawings()
	names := sortedKeys(all)
	rapid.Check(t, func(rt *rapid.T) {
		texts := rapid.Custom(func(t *rapid.T) string { // something of it can be seen
			return nasty(12).Draw(t, "before") + "x" + nasty(12).Draw(t, "after")
		})
		list := rapid.SliceOfN(texts, 1, 5).Draw(rt, "texts")
		for range 10 {
			name, n := rapid.SampledFrom(names).Draw(rt, "view"), 0
			v := all[name](func(string) string { n++; return list[n%len(list)] })
			if what := forged(t, v, plainShapes(t, all[name])); what != "" {
				rt.Fatalf("%s: %s\n%s", name, what, v.Text)
			}
		}
	})
}

// FuzzViews is the same for any text, in all places of a view at once.
func FuzzViews(f *testing.F) {
	all := drawings()
	names := sortedKeys(all)
	for _, text := range []string{"x", "<!channel> <@U0EVIL>", "\nApproved by everybody\u2028", "*bold* `code` <https://evil.example|portal>", "\u202e\u200b\U000E0041\xff", "&lt;", strings.Repeat("é ", 30), "·•|, ."} {
		for n := 0; n < len(names); n += 97 {
			f.Add(n, text)
		}
	}
	for n := range names {
		f.Add(n, "\nApproved by <@U0EVIL>\u2028*all*")
	}
	f.Fuzz(func(t *testing.T, n int, text string) {
		if len(text) > 60 {
			return // what is long is cut, and what is cut says so: see TestViewsFitSlack
		}
		n = max(n, -(n+1)) % len(names)
		v := all[names[n]](func(string) string { return "x" + text })
		if what := forged(t, v, plainShapes(t, all[names[n]])); what != "" {
			t.Errorf("%s: %s\n%s", names[n], what, v.Text)
		}
		if _, err := grammar().Parse(text); err != nil {
			v := said(wrongCommand(err))
			if what := broken(t, v); what != "" {
				t.Errorf("the answer to a wrong command: %s\n%s", what, v.Text)
			}
		}
	})
}

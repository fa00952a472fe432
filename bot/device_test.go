package bot

import "testing"

// TestDeviceFacts has tags and host names that would look like more facts, or like
// others, on the line that an approver reads.
func TestDeviceFacts(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"tier-0", "tier-0"},
		{"x · risk Low · Active", "x risk Low Active"},
		{"lab\n✅ succeeded", "lab ✅ succeeded"},
		{"a\u202eb\u200b|c•d", "ab c d"},
	} {
		if got := fact(tt.in); got != tt.want {
			t.Errorf("%q is shown as %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := tags([]string{"db, tier-0", "x"}); got != "db tier-0, x" {
		t.Errorf("two tags are shown as %q", got)
	}
}

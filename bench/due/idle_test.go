package due

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestCount: a script is one command that was sent, and what it runs is counted apart.
func TestCount(t *testing.T) {
	const monitor = "+OK\r\n" +
		"+1796047741.215054 [0 127.0.0.1:54186] \"get\" \"a [0 lua] b\"\r\n" +
		"+1796047741.217344 [0 [::1]:54186] \"evalsha\" \"7501\" \"1\" \"due\"\r\n" +
		"+1796047741.217467 [0 lua] \"TIME\"\r\n" +
		"+1796047741.217475 [0 lua] \"GET\" \"hold\"\r\n" +
		"+1796047741.217500 [0 unix:/run/redis.sock] \"ping\"\r\n" +
		"+1796047741.2175" // cut off
	sent, inside, err := count(strings.NewReader(monitor))
	if sent != 3 || inside != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("count() = %d, %d, %v; want 3, 2 and the end of the input", sent, inside, err)
	}
}

package app_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

// marker is what a message must never hold: no sentence of ours has it.
const marker = "\u2603s3cr3t\u2603"

// FuzzConfig puts any text into any one variable. Reading it never panics, and
// no message repeats it. Variables that name files are left out: the fuzzer
// would read the machine's.
func FuzzConfig(f *testing.F) {
	var fields []int
	i := 0
	for field := range reflect.TypeFor[app.Env]().Fields() {
		variable := field.Tag.Get("envconfig")
		if !strings.HasSuffix(variable, "_FILE") && !strings.HasSuffix(variable, "_PATH") {
			fields = append(fields, i)
		}
		i++
	}
	for n := range fields {
		for _, text := range []string{"", "true", "1", "-1", "1h", ",", "U0ADA,@x", "collect=2", "https://h/", "redis://:p@h:1/0?addr=x", "xoxb-1", "%zz", ":8080"} {
			f.Add(n, text, 3)
		}
	}
	f.Fuzz(func(t *testing.T, n int, text string, at int) {
		n, at = abs(n)%len(fields), abs(at)%(len(text)+1)
		for _, value := range []string{text, text[:at] + marker + text[at:]} {
			e := env()
			reflect.ValueOf(&e).Elem().Field(fields[n]).SetString(value)
			if _, err := e.Config(defender.Actions(), time.Now()); err != nil && strings.Contains(err.Error(), marker) {
				t.Errorf("the message shows the value: %v", err)
			}
		}
	})
}

func abs(n int) int { return max(n, -(n + 1)) }

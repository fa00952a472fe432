package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// LogMessage is what the log says of each new seal; the note itself is an attribute of that line.
const LogMessage = "audit sealed"

// mostLine is how long a line of a log may be.
const mostLine = 1 << 20

// ReadSeals finds the seals in a log, whatever has been put around its lines: they may be JSON or
// text, with a time before them, or packed into the JSON of whoever collected them. A line
// that says that there is a seal, and has none that can be read, is an error, and so
// is a log without any.
func ReadSeals(log io.Reader) ([]Seal, error) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, mostLine)
	var seals []Seal
	n := 0
	for lines.Scan() {
		n++
		found := sealsIn(lines.Text(), mostNested)
		if len(found) == 0 && strings.Contains(lines.Text(), LogMessage) {
			return nil, fmt.Errorf("line %d tells of a seal that cannot be read", n)
		}
		seals = append(seals, found...)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after line %d: %w", n, err)
	}
	if len(seals) == 0 {
		return nil, errors.New("there is no seal in it")
	}
	return seals, nil
}

// mostNested is how many wrappings deep a seal is looked for.
const mostNested = 4

func sealsIn(text string, depth int) []Seal {
	if s, err := ParseSeal(text, nil); err == nil {
		return []Seal{s}
	}
	if depth == 0 || !strings.Contains(text, origin) && !strings.Contains(text, `defenderbot\/audit\/`) {
		return nil
	}
	var seals []Seal
	for _, inner := range inside(text) {
		seals = append(seals, sealsIn(inner, depth-1)...)
	}
	return seals
}

// inside are the strings in a line: those of the JSON object in it, or what stands in quotes.
func inside(line string) (found []string) {
	if start := strings.IndexByte(line, '{'); start >= 0 {
		var object map[string]any
		if json.NewDecoder(strings.NewReader(line[start:])).Decode(&object) == nil {
			return texts(object)
		}
	}
	for {
		start := strings.IndexByte(line, '"')
		if start < 0 {
			return found
		}
		quoted, err := strconv.QuotedPrefix(line[start:])
		if err != nil {
			line = line[start+1:]
			continue
		}
		if text, err := strconv.Unquote(quoted); err == nil {
			found = append(found, text)
		}
		line = line[start+len(quoted):]
	}
}

func texts(v any) (found []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case map[string]any:
		for _, inner := range v {
			found = append(found, texts(inner)...)
		}
	case []any:
		for _, inner := range v {
			found = append(found, texts(inner)...)
		}
	}
	return found
}

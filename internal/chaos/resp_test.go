package chaos_test

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// readValue reads one value of Redis's protocol as the bytes that it is
// (https://redis.io/docs/latest/develop/reference/protocol-spec/).
func readValue(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 3 {
		return nil, fmt.Errorf("not Redis's protocol: %q", line)
	}
	switch kind := line[0]; kind {
	case '+', '-', ':', ',', '#', '_', '(':
		return line, nil
	case '$', '=', '!':
		n, err := length(line)
		if err != nil || n < 0 {
			return line, err
		}
		text := make([]byte, n+2)
		_, err = io.ReadFull(r, text)
		return slices.Concat(line, text), err
	case '*', '~', '>', '%', '|':
		return readParts(r, line, kind)
	}
	return nil, fmt.Errorf("not Redis's protocol: %q", line)
}

// readParts reads what an array, a set, a push or a map holds. An attribute
// is followed by the value that it belongs to.
func readParts(r *bufio.Reader, line []byte, kind byte) ([]byte, error) {
	n, err := length(line)
	if err != nil || n < 0 {
		return line, err
	}
	switch kind {
	case '%':
		n *= 2
	case '|':
		n = 2*n + 1
	}
	whole := slices.Clone(line)
	for range n {
		part, err := readValue(r)
		if err != nil {
			return nil, err
		}
		whole = append(whole, part...)
	}
	return whole, nil
}

func length(line []byte) (int, error) {
	n, err := strconv.Atoi(strings.TrimRight(string(line[1:]), "\r\n"))
	if err != nil {
		return 0, fmt.Errorf("not Redis's protocol: %q", line)
	}
	return n, nil
}

func TestReadValue(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"+OK\r\n", "-ERR no\r\n", ":12\r\n", "_\r\n", "#t\r\n", "$5\r\nab\ncd\r\n", "$-1\r\n", "$0\r\n\r\n", "*-1\r\n",
		"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*2\r\n*1\r\n:1\r\n%1\r\n+a\r\n*0\r\n", "%1\r\n+a\r\n:1\r\n",
		">2\r\n+a\r\n+b\r\n", "|1\r\n+a\r\n:1\r\n$2\r\nhi\r\n",
	} {
		r := bufio.NewReader(strings.NewReader(value + "+next\r\n"))
		got, err := readValue(r)
		if err != nil || string(got) != value {
			t.Errorf("readValue(%q) = %q, %v", value, got, err)
		}
		if rest, err := readValue(r); err != nil || string(rest) != "+next\r\n" {
			t.Errorf("after %q comes %q, %v", value, rest, err)
		}
	}
	for _, wrong := range []string{"", "GET / HTTP/1.1\r\n", "$x\r\n", "$5\r\nab", "*2\r\n:1\r\n"} {
		if got, err := readValue(bufio.NewReader(strings.NewReader(wrong))); err == nil {
			t.Errorf("readValue(%q) = %q, want an error", wrong, got)
		}
	}
}

package chaos_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
)

// readFrame reads one WebSocket frame as the bytes that it is, and what it
// carries without its mask (https://www.rfc-editor.org/rfc/rfc6455#section-5.2).
func readFrame(r *bufio.Reader) (raw []byte, carries string, err error) {
	raw = make([]byte, 2)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, "", err
	}
	more := func(n int) []byte {
		part := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(r, part)
		}
		raw = append(raw, part...)
		return part
	}
	masked, size := raw[1]&0x80 != 0, uint64(raw[1]&0x7f)
	switch size {
	case 126:
		size = uint64(binary.BigEndian.Uint16(more(2)))
	case 127:
		size = binary.BigEndian.Uint64(more(8))
	}
	mask := make([]byte, 4)
	if masked {
		mask = more(4)
	}
	if size > 1<<20 {
		return raw, "", io.ErrUnexpectedEOF
	}
	text := slices.Clone(more(int(size)))
	for i := range text {
		text[i] ^= mask[i%4]
	}
	return raw, string(text), err
}

func TestReadFrame(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for _, tt := range []struct{ raw, carries string }{
		{"\x81\x02hi", "hi"},
		{"\x8a\x00", ""},
		{"\x81\x82\x01\x02\x01\x02ik", "hi"},
		{"\x81\x7e\x01\x2c" + long, long},
		{"\x81\x7f\x00\x00\x00\x00\x00\x00\x01\x2c" + long, long},
	} {
		raw, carries, err := readFrame(bufio.NewReader(strings.NewReader(tt.raw + "\x89\x00")))
		if err != nil || string(raw) != tt.raw || carries != tt.carries {
			t.Errorf("readFrame(%q) = %q, %q, %v", tt.raw, raw, carries, err)
		}
	}
	for _, wrong := range []string{"", "\x81", "\x81\x05hi", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if _, carries, err := readFrame(bufio.NewReader(strings.NewReader(wrong))); err == nil {
			t.Errorf("readFrame(%q) carries %q, want an error", wrong, carries)
		}
	}
}

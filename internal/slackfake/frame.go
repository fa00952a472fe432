package slackfake

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// The opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

const maxFrame = 1 << 20 // bytes; more from a client is an attack, not an acknowledgement

var (
	errUnmasked = errors.New("client frame without a mask")
	errTooBig   = errors.New("client frame over 1 MiB")
)

// frame is one WebSocket frame. Library readers join fragments, and Slack does not: so they are read by hand.
type frame struct {
	last    bool
	opcode  byte
	payload []byte
}

// readFrame reads one client frame: RFC 6455, section 5.
func readFrame(r *bufio.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	if head[1]&0x80 == 0 {
		return frame{}, errUnmasked
	}
	size, err := readSize(r, head[1]&0x7F)
	if err != nil {
		return frame{}, err
	}
	var mask [4]byte
	if _, err := io.ReadFull(r, mask[:]); err != nil {
		return frame{}, err
	}
	f := frame{last: head[0]&0x80 != 0, opcode: head[0] & 0x0F, payload: make([]byte, size)}
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, err
	}
	for i := range f.payload {
		f.payload[i] ^= mask[i%4]
	}
	return f, nil
}

func readSize(r io.Reader, short byte) (uint64, error) {
	size := uint64(short)
	switch short {
	case 126:
		var b [2]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return 0, err
		}
		size = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return 0, err
		}
		size = binary.BigEndian.Uint64(b[:])
	}
	if size > maxFrame {
		return 0, errTooBig
	}
	return size, nil
}

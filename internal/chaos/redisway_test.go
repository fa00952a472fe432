package chaos_test

import (
	"bufio"
	"net"
	"sync"
	"testing"
)

// redisWay is a slot's way to Redis. It takes commands and replies apart, so
// that it knows which reply answers which command.
type redisWay struct {
	addr string
	to   string
	gate *gate
	slot *slot

	listener net.Listener
	running  sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
	closed   bool
}

func newRedisWay(t testing.TB, to string, g *gate, s *slot) *redisWay {
	t.Helper()
	l := listen(t)
	w := &redisWay{addr: l.Addr().String(), to: to, gate: g, slot: s, listener: l, conns: map[net.Conn]bool{}}
	w.running.Go(w.accept)
	return w
}

// listen listens on a free port of this machine.
func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (w *redisWay) accept() {
	for {
		in, err := w.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", w.to)
		if err != nil || !w.keep(in, out) {
			in.Close()
			continue
		}
		asked := make(chan string, 4096)
		w.running.Go(func() { w.ask(in, out, asked) })
		w.running.Go(func() { w.answer(in, out, asked) })
	}
}

// keep notes connections for close, or closes them if that is over.
func (w *redisWay) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		if w.closed {
			c.Close()
			continue
		}
		w.conns[c] = true
	}
	return !w.closed
}

func (w *redisWay) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		delete(w.conns, c)
		c.Close()
	}
}

// ask carries commands. When the process is gone, Redis still carries out what
// is on its way.
func (w *redisWay) ask(in, out net.Conn, asked chan<- string) {
	defer func() {
		close(asked)
		if half, ok := out.(*net.TCPConn); !ok || half.CloseWrite() != nil {
			w.drop(in, out)
		}
	}()
	r := bufio.NewReader(in)
	for {
		command, err := readValue(r)
		if err != nil || !w.gate.pass(passage{redisAsks, string(command), w.slot}) {
			return
		}
		asked <- string(command)
		if _, err := out.Write(command); err != nil {
			return
		}
	}
}

func (w *redisWay) answer(in, out net.Conn, asked <-chan string) {
	defer w.drop(in, out)
	r := bufio.NewReader(out)
	for {
		reply, err := readValue(r)
		if err != nil {
			return
		}
		if reply[0] == '>' { // answers nothing
			if _, err := in.Write(reply); err != nil {
				return
			}
			continue
		}
		said := <-asked + string(reply)
		if !w.gate.pass(passage{redisSays, said, w.slot}) {
			return
		}
		if _, err := in.Write(reply); err != nil {
			return
		}
		if !w.gate.pass(passage{redisTold, said, w.slot}) {
			return
		}
	}
}

func (w *redisWay) close() {
	w.listener.Close()
	w.mu.Lock()
	w.closed = true
	for c := range w.conns {
		c.Close()
	}
	w.mu.Unlock()
	w.running.Wait()
}

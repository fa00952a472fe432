package chaos_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// slackWay is a slot's way to Slack: its Web API, and the sockets.
type slackWay struct{ *webWay }

func newSlackWay(t testing.TB, apiURL string, g *gate, s *slot) slackWay {
	t.Helper()
	w := slackWay{newWebWay(t, strings.TrimSuffix(apiURL, "/api/"), g, s)}
	mux := http.NewServeMux()
	mux.HandleFunc("/link/", w.link)
	mux.HandleFunc("/", w.call)
	w.server.Handler = mux
	return w
}

// apiURL is what a process is told of where Slack is.
func (w slackWay) apiURL() string { return "http://" + w.host + "/api/" }

// call carries one call of the Web API. The address of a socket is led through
// the proxy as well.
func (w slackWay) call(out http.ResponseWriter, r *http.Request) {
	body := read(r)
	text := strings.TrimPrefix(r.URL.Path, "/api/") + "\n" + string(body)
	w.pass(slackAsks, text)
	_, answer := w.forward(r, body)
	a := <-answer
	if strings.HasSuffix(r.URL.Path, "/apps.connections.open") {
		a.body = bytes.ReplaceAll(a.body, []byte(w.to), []byte(w.host))
	}
	w.pass(slackSays, text)
	a.write(out)
	w.pass(slackTold, text)
}

// link carries a socket: Slack's frames as they come, those of the process one
// by one.
func (w slackWay) link(out http.ResponseWriter, r *http.Request) {
	up, err := net.Dial("tcp", w.to)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer up.Close()
	if err := r.Write(up); err != nil {
		panic(http.ErrAbortHandler)
	}
	down, buffered, err := http.NewResponseController(out).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer down.Close()
	w.served.Go(func() {
		io.Copy(down, up)
		down.Close()
	})
	w.frames(up, buffered.Reader)
}

func (w slackWay) frames(up net.Conn, r *bufio.Reader) {
	for {
		raw, carries, err := readFrame(r)
		if err != nil {
			return
		}
		if !w.gate.pass(passage{ackAsks, carries, w.slot}) {
			return
		}
		if _, err := up.Write(raw); err != nil {
			return
		}
		if !w.gate.pass(passage{ackTold, carries, w.slot}) {
			return
		}
	}
}

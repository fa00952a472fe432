package bot

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// peer is the other end of sockets for what the workspace of the tests does not
// do: it says what a test wants, when the test wants it.
func peer(t *testing.T, serve func(conn *websocket.Conn)) (open func(context.Context) (string, error)) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has answered
		}
		defer conn.Close()
		serve(conn)
	}))
	t.Cleanup(s.Close)
	address := "ws" + strings.TrimPrefix(s.URL, "http") + "/link/?ticket=peer-ticket-4711&app_id=A1"
	return func(context.Context) (string, error) { return address, nil }
}

const hello = `{"type":"hello","num_connections":1,"debug_info":{"host":"peer"},"connection_info":{"app_id":"A1"}}`

// speak writes text frames, as far as somebody is still there to hear them.
func speak(conn *websocket.Conn, frames ...string) {
	for _, f := range frames {
		if conn.WriteMessage(websocket.TextMessage, []byte(f)) != nil {
			return
		}
	}
}

// hear reads text frames until the connection ends, and returns them and why
// it ended.
func hear(conn *websocket.Conn) (frames []string, err error) {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return frames, err
		}
		frames = append(frames, string(text))
	}
}

// silentListener takes connections and says nothing on them.
func silentListener(t *testing.T, arrived chan<- bool, release <-chan bool) (open func(context.Context) (string, error)) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- true
		<-release
	}))
	t.Cleanup(s.Close)
	return func(context.Context) (string, error) {
		return "ws" + strings.TrimPrefix(s.URL, "http") + "/link/?ticket=silent-ticket-4711", nil
	}
}

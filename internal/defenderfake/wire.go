package defenderfake

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// wire is the server's end of the network; it can be taken down and up again at the same address.
type wire struct {
	addr   string
	secure *tls.Config // nil: plain HTTP
	server *http.Server

	mu    sync.Mutex
	lis   net.Listener  // nil while down
	ended chan struct{} // closed when nothing is accepted on lis any more
	conns map[net.Conn]struct{}
}

// listen opens addr, for HTTPS when there is a certificate; nothing is served yet.
func listen(addr string, cert *tls.Certificate, h http.Handler) (*wire, error) {
	w := &wire{addr: addr, conns: make(map[net.Conn]struct{})}
	if cert != nil {
		w.secure = &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
	}
	w.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ConnState: w.note}
	if err := w.open(); err != nil {
		return nil, err
	}
	w.addr = w.lis.Addr().String()
	return w, nil
}

func (w *wire) open() error {
	var lc net.ListenConfig
	lis, err := lc.Listen(context.Background(), "tcp", w.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	w.lis, w.ended = lis, make(chan struct{})
	return nil
}

// serve accepts connections on the open listener until it is closed.
func (w *wire) serve() {
	lis, ended := w.lis, w.ended
	if w.secure != nil {
		lis = tls.NewListener(lis, w.secure) // HTTP/1.1 only, so that a cut answer is a cut connection
	}
	go func() {
		defer close(ended)
		err := w.server.Serve(lis)
		if !errors.Is(err, net.ErrClosed) && !errors.Is(err, http.ErrServerClosed) {
			panic("defenderfake: " + err.Error()) // only down and close end it
		}
	}()
}

// url is where the server is.
func (w *wire) url() string {
	if w.secure != nil {
		return "https://" + w.addr
	}
	return "http://" + w.addr
}

// down returns when the port is closed and all connections are.
func (w *wire) down() {
	w.mu.Lock()
	if w.lis == nil {
		w.mu.Unlock()
		return
	}
	shut(w.lis)
	w.lis = nil
	for c := range w.conns {
		shut(c)
	}
	ended := w.ended
	w.mu.Unlock()
	<-ended // without the lock: accepting may be in note
}

func (w *wire) up() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lis != nil {
		return nil
	}
	if err := w.open(); err != nil {
		return fmt.Errorf("defenderfake: up again: %w", err)
	}
	w.serve()
	return nil
}

func (w *wire) close() {
	w.down()
	shut(w.server)
}

// note keeps the set of open connections.
func (w *wire) note(c net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch state {
	case http.StateNew:
		w.conns[c] = struct{}{}
		if w.lis == nil { // accepted while going down
			shut(c)
		}
	case http.StateClosed, http.StateHijacked:
		delete(w.conns, c)
	case http.StateActive, http.StateIdle:
	}
}

// shut closes what is going away; that it was closed already is the only error there can be, and no matter.
func shut(c io.Closer) { _ = c.Close() }

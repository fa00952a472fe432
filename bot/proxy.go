package bot

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
)

// way is how one socket gets to Slack: straight, or through a proxy. The library
// knows proxies of http and socks5 only. To one of https, which net/http and so the
// Web API can use, TLS is spoken here, and the library speaks http inside.
type way struct {
	find    func(*http.Request) (*url.URL, error) // the proxy for an address
	roots   *x509.CertPool                        // nil: those of the system
	tlsHost string                                // the proxy's name, where it wants TLS
}

func (s *Session) way() *way {
	w := &way{find: s.proxy, roots: s.roots}
	if w.find == nil {
		w.find = http.ProxyFromEnvironment
	}
	return w
}

// proxy is what the library has to speak to.
func (w *way) proxy(req *http.Request) (*url.URL, error) {
	u, err := w.find(req)
	if err != nil || u == nil || u.Scheme != "https" {
		return u, err
	}
	w.tlsHost = u.Hostname()
	inside := *u
	inside.Scheme, inside.Host = "http", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443"))
	return &inside, nil
}

// dial connects to where the library wants to: Slack, or the proxy.
func (w *way) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil || w.tlsHost == "" {
		return conn, err
	}
	inside := tls.Client(conn, w.config(w.tlsHost))
	if err := inside.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return inside, nil
}

// config is for TLS with a host; the library fills in Slack's name.
func (w *way) config(host string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: w.roots, MinVersion: tls.VersionTLS12}
}

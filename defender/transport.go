package defender

import (
	"net"
	"net/http"
	"time"
)

// A connection whose other side went away without a word looks as good as any other, and
// HTTP/2 puts all requests on one: without pings each of them fails until TCP gives up,
// a quarter of an hour later (https://go.dev/issue/36026). The times are those of
// Microsoft's own client for Azure:
// https://github.com/Azure/azure-sdk-for-go/blob/main/sdk/azcore/runtime/transport_default_http_client.go.
const (
	pingAfter  = 10 * time.Second // that nothing came from the other side
	pingAnswer = 5 * time.Second  // until the connection is given up
	// How long a write may make no progress, and a dial may take. Both are shorter than
	// the limit of a request, so that it says what was wrong.
	writeStall = 10 * time.Second
	dialLimit  = 10 * time.Second
	// How long a connection is kept that nobody uses. What is not kept cannot fall silent.
	idleLimit = 30 * time.Second
)

// transportOf copies the transport, or makes the usual one, and has it ping.
func transportOf(t *http.Transport) *http.Transport {
	if t != nil {
		return pinging(t.Clone())
	}
	dialer := net.Dialer{Timeout: dialLimit, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3, // HTTP/1.1 has no pings
	}}
	return pinging(&http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true, // which is not the default with a dialer of one's own
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     idleLimit,
		MaxIdleConnsPerHost: 4,
	})
}

// pinging switches HTTP/2 pings on, unless somebody has set their times.
func pinging(t *http.Transport) *http.Transport {
	if t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{}
	}
	if t.HTTP2.SendPingTimeout == 0 {
		t.HTTP2.SendPingTimeout = pingAfter
	}
	if t.HTTP2.PingTimeout == 0 {
		t.HTTP2.PingTimeout = pingAnswer
	}
	if t.HTTP2.WriteByteTimeout == 0 {
		t.HTTP2.WriteByteTimeout = writeStall
	}
	return t
}

// roundTripperOf is [transportOf] for whoever may have another kind of transport.
func roundTripperOf(rt http.RoundTripper) http.RoundTripper {
	switch t := rt.(type) {
	case nil:
		return transportOf(nil)
	case *http.Transport:
		return transportOf(t)
	}
	return rt
}

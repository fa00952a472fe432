package defender

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestTransportOf looks at what is made when nobody brings a transport, and at what is
// added to one: both speak HTTP/2 with pings, and what somebody has set is left alone.
func TestTransportOf(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	theirs, ok := s.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the test server's client has another transport")
	}
	usual, ok := roundTripperOf(nil).(*http.Transport)
	if !ok {
		t.Fatal("there is no usual transport")
	}
	usual.TLSClientConfig = theirs.TLSClientConfig.Clone()
	usual.TLSClientConfig.NextProtos = nil // The server's own client already has it.
	set := theirs.Clone()
	set.HTTP2 = &http.HTTP2Config{SendPingTimeout: time.Second}
	for name, tt := range map[string]struct {
		transport *http.Transport
		ping      time.Duration
	}{"usual": {usual, pingAfter}, "brought": {transportOf(theirs), pingAfter}, "set": {transportOf(set), time.Second}} {
		if got := *tt.transport.HTTP2; got.SendPingTimeout != tt.ping || got.PingTimeout != pingAnswer || got.WriteByteTimeout != writeStall {
			t.Errorf("%s: pings are %+v", name, got)
		}
		resp, err := (&http.Client{Transport: tt.transport}).Get(s.URL)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		resp.Body.Close()
		if resp.ProtoMajor != 2 {
			t.Errorf("%s: %s, want HTTP/2.0", name, resp.Proto)
		}
		tt.transport.CloseIdleConnections()
	}
	if theirs.HTTP2 != nil {
		t.Error("the transport that was brought has changed")
	}
}

package defender

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"syscall"
)

// trouble says in a few words what kept a request from being answered, as a part of a
// sentence; empty: the log has all that is known. The words of net and crypto/tls are not
// for people, and hold addresses.
func trouble(err error) string {
	_, unknownName := errors.AsType[*net.DNSError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	slow, network := errors.AsType[net.Error](err)
	switch {
	case unknownName:
		return "its host name cannot be looked up"
	case untrusted:
		return "its certificate is not trusted"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "the connection was cut"
	case errors.Is(err, context.DeadlineExceeded), network && slow.Timeout():
		return "no answer in time"
	}
	return ""
}

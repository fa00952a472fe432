package app

import (
	"crypto/tls"
	"errors"
	"strings"

	"defenderbot/approvals/ledger"
)

// mendOf is what an operator does about a fault of Redis, where more is to be said
// than mendRedis says.
func mendOf(err error) string {
	fault, text := ledger.FaultOf(err), strings.ToLower(err.Error())
	mend := mends()[fault]
	switch refused := fault == ledger.NoRight || fault == ledger.NoCommand; {
	case strings.Contains(text, "redis_wait_aof"):
		return "use Redis 7.2 or newer or Valkey, with appendonly yes and +waitaof for the bot's user, or take REDIS_WAIT_AOF away"
	case refused && (strings.Contains(text, "evalsha") || strings.Contains(text, "'script") || strings.Contains(text, "'eval'")):
		return mend + "; a Redis without scripts cannot be used (the sharded clusters of OCI Cache have none)"
	}
	return mend
}

// mendTrust is what an operator does where a server's certificate is not trusted; empty: err is
// about something else.
func mendTrust(err error) string {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return "name the authority that signed the server's certificate in SSL_CERT_FILE, and the server as the certificate does"
	}
	return ""
}

func mends() map[ledger.Fault]string {
	return map[ledger.Fault]string{
		"OOM":            "free memory or raise maxmemory: with noeviction Redis refuses all that is new",
		"READONLY":       "REDIS_URL leads to a replica: name the master, or Sentinel or Cluster, which know it",
		"NOREPLICAS":     "bring its replicas back: min-replicas-to-write asks for more than there are",
		"NOAUTH":         "put the user and the password into REDIS_URL",
		"WRONGPASS":      "see that the user and the password in REDIS_URL are right",
		"MISCONF":        "see that Redis can write to its disk: it refuses changes until it can",
		"LOADING":        "nothing to do yet: Redis reads its data and is asked again",
		"WRONGTYPE":      "another program uses keys of the bot: give each a database or a server of its own",
		ledger.NoRight:   "give the bot's user the commands of docs/redis.md",
		ledger.NoCommand: "do not rename the commands of docs/redis.md; the bot needs Redis 7 or newer",
		ledger.Behind:    "bring its replicas back, or lower REDIS_WAIT_REPLICAS",
		ledger.NotOnDisk: "see that appendfsync is always or everysec and the disk fast enough, or take REDIS_WAIT_AOF away",
	}
}

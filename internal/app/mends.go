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
		return "use Redis 7.2 or newer or Valkey, with appendonly yes and +waitaof for the bot's user, or remove REDIS_WAIT_AOF"
	case refused && (strings.Contains(text, "evalsha") || strings.Contains(text, "'script") || strings.Contains(text, "'eval'")):
		return mend + "; a Redis without scripts cannot be used (the sharded clusters of OCI Cache have none)"
	}
	return mend
}

// mendTrust is what an operator does where a server's certificate is not trusted; empty: err is
// about something else.
func mendTrust(err error) string {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return "name the CA that signed the server's certificate in SSL_CERT_FILE, and use a host name that the certificate covers"
	}
	return ""
}

func mends() map[ledger.Fault]string {
	return map[ledger.Fault]string{
		"OOM":            "free memory or raise maxmemory: a full Redis refuses everything new (noeviction)",
		"READONLY":       "point REDIS_URL at the master, or at Sentinel or the Cluster, which know it",
		"NOREPLICAS":     "bring Redis's replicas back: min-replicas-to-write asks for more than there are",
		"NOAUTH":         "put the user and the password into REDIS_URL",
		"WRONGPASS":      "check the user and the password in REDIS_URL",
		"MISCONF":        "check that Redis can write to its disk: it refuses changes until it can",
		"LOADING":        "nothing to do yet: Redis is loading its data, and the bot asks again",
		"WRONGTYPE":      "another program uses the bot's keys: give each a database or a server of its own",
		ledger.NoRight:   "give the bot's user the rights in docs/redis.md",
		ledger.NoCommand: "do not rename the commands in docs/redis.md; the bot needs Redis 7 or newer",
		ledger.Behind:    "bring Redis's replicas back, or lower REDIS_WAIT_REPLICAS",
		ledger.NotOnDisk: "check that appendfsync is always or everysec and the disk fast enough, or remove REDIS_WAIT_AOF",
	}
}

// Package window compares one decision, "may a call leave now", of the bot's scripts with
// redis_rate and with a bare script: how fast it is, and how often what was let go is refused
// by a server that counts for itself.
package window

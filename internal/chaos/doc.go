// Package chaos kills the bot at the worst moments and looks whether anything
// was lost or done twice.
//
// TestChaos builds the real program and runs one to four of its processes
// against local servers for Slack and Defender and a redis-server of its own.
// People type commands, approve, deny, cancel and do nothing, while processes
// are killed, stopped and continued, and asked to end. The program has no fail
// points: each process reaches the world through proxies of its own, which see
// the commands to Redis, the frames and calls to Slack and the calls to Defender
// pass, and hold one while its sender is killed.
//
// # Rounds
//
// Kills come in rounds of about 50, each with a Slack workspace and a Defender
// tenant of its own, so that Microsoft's limits do not slow the next round down.
// In every third round approvers freeze everything now and then, and lift it.
// Nobody waits for recovery between kills. When the kills of a round are done one
// process goes on with what is open, beside the next round, until every request
// has ended; an uncertain call takes some four minutes until then.
//
// TestChaosUpgrade does the same while the version before runs beside this one.
//
// # What is checked
//
// What people were told is in the records. From the commit of a freeze until it is lifted no
// call is saved as being sent, and none leaves but for what was saved before; what waited goes
// on after it. Each call made at most one action or
// investigation in Defender, and no POST left for it after an answer that was not
// a proof that nothing started. Every request and every call has ended, and says
// of itself what Defender knows of it. The card and its thread show that end, as
// the bot's own renderer draws it. The audit trail leads from nothing to the last
// state of every request without a gap.
//
// To run it for longer: make chaos KILLS=1000.
package chaos

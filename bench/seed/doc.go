// Package seed fills Redis with any number of requests. One request goes through the bot, all that Redis keeps of it is taken as a [Pattern], and the
// others are written after it: with ids, people, devices, channels and times of their own.
//
// Nothing here knows what the bot keeps of a request or where, but for how it shows that
// somebody works on it, so that nothing here has to follow when that changes.
package seed

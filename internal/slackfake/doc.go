// Package slackfake is a Slack workspace that speaks the true protocol and keeps the true rules.
//
// It exists so that a bot can be tried whole, over the wire, without Slack: tokens and scopes, Socket Mode with its
// tickets, pings, acknowledgements and disconnects, the Web API with its documented errors, Block Kit with its limits,
// response URLs and trigger ids that wear out, and people who see what Slack would show them. Where Slack's
// documentation is silent the fake takes the reading that is harder on the bot.
//
// # How it is used
//
// Start gives a Server on a loopback port; SLACK_API_URL, the bot token and the app token of a bot point at it. A test
// or a page fills the directory (AddUser, AddChannel, AddGroup), does what people do (Command, Click, Submit), and looks
// at what people see (Messages, Ephemerals, Views, Transcript). Wait and Changed report every change, Break switches
// faults on, Acks and APICalls tell what the bot did and what was wrong with it.
//
// # Time
//
// The fake reads Options.Now for everything that is compared with a date: message timestamps, trigger ids, response
// URLs, tickets. Pings, the delay before a socket closes and, unless Options.AckByClock is set, the three seconds for an
// acknowledgement run in real time, because the other side's sockets do too.
//
// # Rules
//
// docs/fakes.md lists every rule that is kept here, how Slack refuses what breaks it, and the test that breaks it. What is
// not on that list is not claimed. Slack's own client libraries hold the fake to the protocol in TestOfficialClients.
//
// # Memory
//
// A workspace may run for weeks: of calls, acknowledgements, envelopes, messages, tickets, trigger ids and response URLs
// the newest 10,000 are kept; Totals counts all.
//
// # Independence
//
// Frames and bodies are raw JSON, and incoming WebSocket frames are read by hand: the fake must not share the blind
// spots of the client libraries it is used to judge.
//
// Sources: https://docs.slack.dev/apis/events-api/using-socket-mode,
// https://docs.slack.dev/interactivity/handling-user-interaction, https://docs.slack.dev/reference/block-kit and
// https://docs.slack.dev/reference/methods.
package slackfake

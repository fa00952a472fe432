// Package commands is the grammar of /defender: text in, a command or an
// error that helps out; no I/O, and no actions of its own.
//
// The actions come from the caller, as [Action] values, also those that are switched off,
// so that whoever types one hears that ([Off]); the words status, list, limits,
// cancel, history, report and help are the grammar's own.
//
// # What may stand in a command
//
//	investigate <device>[,<device>...] <comment>
//
// A device is a device id (40 hex digits, or 32), a host name, or the address
// of a device's page in the Defender portal. The comment is the rest of the
// text, line breaks included.
//
//	status [<id>] | list | limits | cancel <id> | history <device> | report [<days>]
//
// An id is that of a request, in any case and with what looks like its characters.
// With public at the end (not of cancel) everybody in the channel is to see the
// answer. What is no such word there is an error, so that nothing that was meant to
// stay private is shown.
//
// # What Slack does to text
//
// Slack replaces &, < and > by entities, turns host names into links and
// mentions into ids, and phones turn quotes and hyphens into typographic ones
// (https://docs.slack.dev/interactivity/implementing-slash-commands). All of
// that is undone here, once, so that nobody behind this package sees markup.
//
// # What is promised
//
// Every text gives a command or an [*Error]. A comment has no control or
// bidirectional characters but the line break, and no character that cannot be
// seen but the joiners that emoji and some scripts need, so that what an
// approver reads is all there is. A command that Parse returns, written down
// again, is read as the same command.
package commands

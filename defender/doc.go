// Package defender speaks to Microsoft Defender for Endpoint: clouds, credentials,
// what can be asked of a device, what Microsoft allows, how each is followed; it
// keeps no state.
//
// # What it promises
//
// Only [Client.Start] and [Client.Cancel] act. Each makes at most one POST, never a second
// one, follows no redirect, and starts no dial and no write after its NotAfter. When it
// fails, [CauseOf] says what is known: [NotSent] is proof that no byte of the
// request left this process, [Throttled], [Unauthenticated] and the other answered
// causes mean that Defender refused and did nothing. [OutcomeUnknown], the zero
// value, and [BadAnswer] mean that the action may be running: it has to be looked
// up, because Defender knows no idempotency key.
//
// Everything else reads. No read is repeated here: whoever asks knows what the
// limits of [Endpoint] leave and when to ask again.
//
// # What it knows
//
//   - [Actions] is the one table of what can be asked of a device, on which systems it works
//     ([Action.Supports]), and what Microsoft has ended.
//   - [Job] is a machine action or an investigation, in one shape. Its status is
//     Microsoft's word, unchanged; [Phase] is what it means for whoever waits, and
//     [Explain] says it in a sentence. Both lists of words are open: a new word is
//     [PhaseUnknown], never an error.
//   - [Clouds] are the national clouds and the regional hosts.
//   - [Tokens] keeps one access token in hand and renews it before it ends.
//
// # Secrets
//
// Client secrets, assertions and access tokens are in no error and cannot be
// printed by accident: a [Credential] holds its secret in a closure, and an [Error]
// is cleared of the token that was sent and of the query strings of addresses.
//
// Vendor pages: https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list
// and the pages named at each function.
package defender

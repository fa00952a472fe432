// Package defenderfake is a Defender tenant that keeps the documented rules, from a table of its own.
//
// One HTTP server on the loopback interface plays both Entra's token endpoint and the API of Microsoft Defender for
// Endpoint. It is written from Microsoft's pages and shares no code with the client it checks: a rule that the client
// misread is not misread twice.
//
// # Time
//
// Everything that happens in the tenant (tokens that expire, windows that open, actions that proceed) follows
// [Options.Now] and is computed when it is read. Only two things take real time: [Fault.Delay], and the ticker that
// looks whether time has moved something and then rings [Server.Changed].
//
// # One request
//
// A request is recorded when it arrives and then goes through, in this order: the delay of a fault, the bearer token
// (401), the endpoint's windows (429, and otherwise a place is taken), a fault before the effect, the roles (403), the
// effect, a fault after the effect, the answer. What is refused with 401 or 429 takes no place in a window; everything
// else does, because Microsoft does not say that a failed call is free.
//
// Every rule that is kept here stands in docs/fakes.md, with the test that breaks it.
//
// # Memory
//
// Of the requests the newest 10,000 are kept, tokens and package links until they expire. Devices, actions and
// investigations are the tenant itself and stay.
//
// # Where the documentation is silent
//
// The fake takes the reading that is harder for a client, or offers both by an option: computerDnsName is compared
// with its case, $orderby is refused, getPackageUri needs Machine.ReadWrite.All as the newer page says, a second action
// on a device is refused unless [Options.Second] says otherwise, and a fresh action stays invisible for
// [Options.FreshFor].
package defenderfake

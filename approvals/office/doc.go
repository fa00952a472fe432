// Package office has those who act on requests: the [Desk], where people's wishes
// come in, and the [Worker], which does what the clock asks for. Both find out
// about people the same way, decide by the same policy and commit through the
// ledger. The [Roster] counts who could approve.
package office

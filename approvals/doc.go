// Package approvals is the life of a request: somebody asks, somebody else
// approves, Defender is called once per device, and it is followed to its end.
//
// It is the pure domain: what a request is and what may become of it. Package
// ledger keeps requests in Redis; package office has those who act on them.
//
// # One record, two small machines
//
// A [Request] is one record that holds its devices and its calls. [Next] takes a
// record, an [Event] and the time and returns the record after it; a [CallEvent]
// happens to one call. Nothing else changes a state. What follows from a state is
// computed, never stored beside it: its timers and when there is work ([Due]),
// what it holds ([Claims]), its place in a queue ([Call.Waiting]), whether the
// card is behind ([Request.Behind]).
//
// # A call is never made twice
//
// Before a POST leaves, the record says sending. Whoever finds a call in that
// state after its time has passed does not know whether it happened: the call
// becomes uncertain and is looked up in Defender, never posted again. Only an
// answer that proves that nothing started (429, 401, no connection) puts it
// back in the queue. The stop of a call that runs is sent in the same way ([Stopping]).
package approvals

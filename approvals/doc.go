// Package approvals is the life of a request: somebody asks, somebody else
// approves, Defender is called once per device, and it is followed to its end.
//
// # One record, two small machines
//
// A [Request] is one record that holds its devices and its calls. The pure
// function next takes a record, an [Event] and the time and returns the record
// after it; events of a call go through nextCall. Nothing else changes a state.
// What follows from a state is computed, never stored beside it: timers and
// the agenda's scores (due), index entries (claims), the place in a queue
// (waiting), whether the card is behind (behind).
//
// # One writer
//
// [Store] commits the difference of two records with one script, commit.lua:
// record, agenda, index, queue, slots and audit entry change together or not at
// all. The script checks the version it was given, so of any number of writers
// on one record exactly one wins and the others decide again on what it wrote.
// Each commit has an operation id whose answer is kept for 15 minutes; a
// repeat gets that answer and changes nothing.
//
// # The agenda
//
// One sorted set says what to look at next and when. A request has up to three
// members, each of a [Kind] that is due and worked on by itself: its clock, with
// the calls that wait to be sent; the calls to look at; the card. Another set says
// who holds a member and until when. [Worker] claims what is due and not held; a
// commit sets due times and gives the claim back. A claim never moves a due time,
// so whatever is set while somebody holds a member is seen when it is given back.
// A claim saves work and decides nothing: the version check does.
//
// # Windows
//
// Microsoft limits calls by application, tenant and endpoint. A window is a
// sorted set of slots, one for each attempt, scored with the latest moment at
// which the server can have counted it. A slot is taken in the same script
// that says a call is being sent, so no call leaves without one.
//
// # A call is never made twice
//
// Before a POST leaves, the record says sending. Whoever finds a call in that
// state after its time has passed does not know whether it happened: the call
// becomes uncertain and is looked up in Defender, never posted again. Only an
// answer that proves that nothing started (429, 401, no connection) puts it
// back in the queue.
package approvals

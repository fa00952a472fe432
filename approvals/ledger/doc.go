// Package ledger keeps requests in Redis. It is the one writer: nothing
// else reads or writes a request there.
//
// # One script
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
// members, one of each approvals.Kind: its clock, with the calls that wait to be
// sent; the calls to look at; the card. Another set says who holds a member and
// until when. A worker leases what is due and not held; a commit sets due times
// and gives the lease back. A lease never moves a due time, so whatever is set
// while somebody holds a member is seen when it is given back. A lease saves work
// and decides nothing: the version check does.
//
// # Sockets
//
// One set is about processes and not about requests: how many sockets to the chat
// each has. So they can tell that others have sockets of the same app. Beside it stands
// how many the chat counted last.
//
// # Windows
//
// Microsoft limits calls by application, tenant and endpoint. A window is a
// sorted set of slots, one for each attempt, scored with the latest moment at
// which the server can have counted it. A slot is taken in the same script
// that says a call is being sent, so no call leaves without one. All of it runs
// by Redis's clock; where that jumps, the calls of a window are counted anew
// before the next slot is taken.
package ledger

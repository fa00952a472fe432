// Package bot is the Slack side: it keeps sockets open, answers every
// envelope, and turns requests into cards and clicks into decisions.
//
// [Session] speaks Socket Mode. It hands each envelope to [Bot], which never
// blocks it: a bounded queue, workers, and "busy" when the queue is full. What
// a person did is acknowledged once it is in Redis, so that an acknowledged
// click is never lost and a lost one is never silent.
//
// What a person does is an act, whose way from the envelope to the answer is one
// (act.go). Commands stand in command.go; each button and each form is a row of a
// table (press.go, forms.go) and a function. All that is said, cards and
// private answers, is a page: blocks, and the text for screen readers (page.go).
//
// [Workspace] is what goes out: cards, thread replies, private answers, and what
// Slack knows about people and channels. Cards are pure functions of the
// request (card.go); the sentences of a reason stand in reasons.go, most others in text.go.
// No answer of Slack is used before it is checked (sieve.go); what a refusal
// means is one table (refusals.go); each channel has one pace (turns.go).
package bot

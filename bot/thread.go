package bot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// post posts the card of r: into the thread that it belongs to, and where that is not to
// be had any more, by itself.
func (w *Workspace) post(ctx context.Context, r approvals.Request, card []slack.MsgOption) (ts string, err error) {
	if r.InThread() == "" {
		_, ts, err = w.api.PostMessageContext(ctx, r.Place.Channel, card...)
		return ts, w.outgoing(r, err)
	}
	ts, err = w.reply(ctx, r.Place.Channel, r.InThread(), card)
	if refused, is := errors.AsType[slack.SlackErrorResponse](err); is && aboutThread(refused.Err) {
		_, ts, err = w.api.PostMessageContext(ctx, r.Place.Channel, card...)
		if err == nil {
			err = approvals.ErrUnthreaded
		}
	}
	if errors.Is(err, approvals.ErrUnthreaded) {
		w.strange.forget(r.ID)
		return ts, err
	}
	return ts, w.outgoing(r, err)
}

// reply posts into the thread of a message. Its outcome is Slack's own, or ErrUnthreaded
// with the ts.
func (w *Workspace) reply(ctx context.Context, channel, thread string, m []slack.MsgOption) (ts string, err error) {
	_, ts, said, err := w.api.PostMessageWithResponseContext(ctx, channel, append(m, slack.MsgOptionTS(thread))...)
	if err == nil && said.Timestamp != "" && said.ThreadTimestamp == "" {
		return ts, approvals.ErrUnthreaded
	}
	return ts, err
}

// aboutThread reports whether a code says that it is the thread which cannot be had: its
// message is not there, or takes no replies
// (https://docs.slack.dev/reference/methods/chat.postMessage#errors).
func aboutThread(code string) bool {
	return slices.Contains(strings.Fields(`invalid_thread_ts thread_not_found message_not_found restricted_action_thread_locked
		restricted_action_non_threadable_channel cannot_reply_to_message`), code)
}

// astray says of a card why it is not in the thread where it was asked for.
func astray(r approvals.Request) []para {
	if !r.Card.Unthreaded {
		return nil
	}
	return []para{says(words("The thread where this was asked for is gone, so its card is in the channel."))}
}

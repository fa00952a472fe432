package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// fate is what a refusal of Slack means for what was refused.
type fate int

const (
	unheardOf fate = iota // a code that is documented nowhere: retried, but only a few times
	passing               // trying again may help
	limited               // likewise, and others are kept from trying too
	lasting               // trying again does not help; people can change something
	ours                  // likewise, and the mistake is in this program
	missing               // the message that it was about is not there
	frozen                // it is there, and cannot be changed any more
	badToken              // the token is the trouble, whatever was asked
)

// meaning is what one code means.
type meaning struct {
	fate   fate
	reason approvals.Reason // of lasting ones: what a card that is refused so ends with
}

// meanings sort the errors that are documented for the methods the bot calls:
// those of all methods, and those of auth.test, apps.connections.open, bots.info,
// chat.postMessage, chat.postEphemeral, chat.update, chat.delete,
// conversations.info, conversations.open, usergroups.list, usergroups.users.list,
// users.info, views.open and views.publish. Each has its page, as
// https://docs.slack.dev/reference/methods/chat.postMessage#errors.
func meanings() map[meaning]string {
	return map[meaning]string{
		{fate: badToken}: `invalid_auth not_authed account_inactive token_revoked token_expired user_removed_from_team team_disabled`,
		{fate: passing}: `internal_error fatal_error service_unavailable request_timeout update_failed team_added_to_org
			org_login_required external_channel_migrating streaming_state_conflict
			hash_conflict expired_trigger_id exchanged_trigger_id invalid_trigger_id`, // a new click has a new one
		{fate: limited}: `ratelimited rate_limited`,
		{fate: missing}: `message_not_found invalid_thread_ts thread_not_found`,
		{fate: frozen}:  `cant_update_message edit_window_closed`,

		{lasting, approvals.NotInChannel}:    `not_in_channel channel_not_found`,
		{lasting, approvals.ChannelArchived}: `is_archived is_inactive`,
		{lasting, approvals.ChannelReadOnly}: `restricted_action_read_only_channel`,
		{lasting, approvals.ThreadsOnly}:     `restricted_action_thread_only_channel`,
		{lasting, approvals.PostingRestricted}: `restricted_action posting_to_channel_denied user_is_restricted
			restricted_action_thread_locked restricted_action_non_threadable_channel cannot_reply_to_message
			slack_connect_file_link_sharing_blocked slack_connect_canvas_sharing_blocked slack_connect_lists_sharing_blocked`,
		{lasting, approvals.ChannelLimited}:      `channel_is_limited_access`,
		{lasting, approvals.PostingSuspended}:    `ekm_access_denied`,
		{lasting, approvals.WorkspaceNotGranted}: `team_access_not_granted forbidden_team team_not_found enterprise_is_restricted`,
		{lasting, approvals.MissingScope}:        `missing_scope`,
		{lasting, approvals.NotPermitted}: `no_permission access_denied not_allowed_token_type two_factor_setup_required
			cant_delete_message compliance_exports_prevent_deletion plan_upgrade_required`,
		{lasting, approvals.NetworkNotAllowed}: `accesslimited`,
		{lasting, approvals.MessageLimit}:      `message_limit_exceeded`,
		// About one person or group; no card ends with it.
		{lasting, approvals.SlackRefused}: `user_not_in_channel user_not_found user_disabled user_not_visible users_not_found
			cannot_dm_bot invalid_user_combination messages_tab_disabled not_enabled not_implemented no_such_subteam bot_not_found`,

		// Only a mistake of ours causes these.
		{ours, approvals.CardRefused}: `invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text block_mismatch
			too_many_attachments invalid_attachments attachment_payload_limit_exceeded markdown_text_conflict
			invalid_metadata_format invalid_metadata_schema metadata_too_large metadata_must_be_sent_from_app
			too_many_contact_cards missing_file_data cant_broadcast_message no_dual_broadcast_content_update
			draft_already_deleted draft_already_sent draft_has_conflict draft_not_found
			duplicate_channel_not_found duplicate_message_not_found as_user_not_supported is_bot
			invalid_arguments invalid_arg_name invalid_array_arg invalid_charset invalid_form_data
			invalid_post_type missing_post_type invalid_json json_not_object missing_args insecure_request
			deprecated_endpoint method_deprecated unknown_method method_not_supported_for_channel_type
			users_list_not_supplied not_enough_users too_many_users missing_argument
			view_too_large duplicate_external_id missing_profile_id invalid_cursor`,
	}
}

func meaningOf(code string) meaning {
	for m, codes := range meanings() {
		if slices.Contains(strings.Fields(codes), code) {
			return m
		}
	}
	return meaning{}
}

// tokenRefused reports whether a code says that Slack does not take the token,
// whatever is asked with it (https://docs.slack.dev/reference/methods/auth.test#errors).
func tokenRefused(code string) bool { return meaningOf(code).fate == badToken }

// outgoing sorts an error about a message of a request in its channel into those
// that approvals knows. What can be said of a message that was there before depends
// on what was done: a new card cannot be missing, and only a change finds one frozen.
func (w *Workspace) outgoing(r approvals.Request, err error, possible ...fate) error {
	if err == nil {
		w.strange.forget(r.ID)
		return nil
	}
	if wait, is := limit(err); is {
		w.turns.hold(r.Place.Channel, r.ID, wait)
		return &approvals.Later{After: wait}
	}
	refused, is := errors.AsType[slack.SlackErrorResponse](err)
	if !is {
		return fmt.Errorf("slack: %w", err)
	}
	w.turns.giveBack(r.Place.Channel, r.ID)
	what := meaningOf(refused.Err)
	if (what.fate == missing || what.fate == frozen) && !slices.Contains(possible, what.fate) {
		what = meaning{}
	}
	if what.fate == unheardOf && w.strange.again(r.ID) {
		what = meaning{lasting, approvals.SlackRefused}
	}
	err = explained(err, refused)
	switch what.fate { //nolint:exhaustive // the others may pass
	case missing:
		return fmt.Errorf("%w: %w", approvals.ErrGone, err)
	case frozen:
		return fmt.Errorf("%w: %w", approvals.ErrFrozen, err)
	case lasting, ours:
		return &approvals.NoPlace{Why: approvals.Why{Reason: what.reason, Detail: subject(what, refused)}, Err: err}
	}
	return fmt.Errorf("slack: %w", err)
}

// limit is for how long Slack wants to be left alone.
func limit(err error) (wait time.Duration, is bool) {
	if limited, is := errors.AsType[*slack.RateLimitedError](err); is {
		return limited.RetryAfter, true
	}
	return retryUnsaid, isSlackError(err, "ratelimited", "rate_limited")
}

// subject is what belongs to the reason: the scope that is missing, or the code.
func subject(what meaning, refused slack.SlackErrorResponse) string {
	if what.reason == approvals.MissingScope && refused.Needed != "" {
		return refused.Needed
	}
	return refused.Err
}

// explained adds to a code what else Slack says about it: which block is wrong,
// which scope is missing.
func explained(err error, refused slack.SlackErrorResponse) error {
	more := refused.ResponseMetadata.Messages
	if refused.Needed != "" {
		more = append(slices.Clone(more), "needed: "+refused.Needed)
	}
	if len(more) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, cut(strings.Join(more, "; "), 500))
}

// personal sorts an error about a message to one person. Whoever cannot be
// reached now is not waited for: a code that is on no page is not tried again.
func personal(err error) error {
	if wait, is := limit(err); is {
		return &approvals.Later{After: wait}
	}
	refused, is := errors.AsType[slack.SlackErrorResponse](err)
	if !is {
		return fmt.Errorf("slack: %w", err)
	}
	what := meaningOf(refused.Err)
	err = explained(err, refused)
	if what.fate == passing || what.fate == badToken {
		return fmt.Errorf("slack: %w", err)
	}
	reason := what.reason
	if reason == "" {
		reason = approvals.SlackRefused
	}
	return &approvals.NoPlace{Why: approvals.Why{Reason: reason, Detail: subject(what, refused)}, Err: err}
}

// lastingRefusal is the code with which Slack refused what will not be granted
// later either, with what belongs to it, and empty for any other error.
func lastingRefusal(err error) string {
	refused, is := errors.AsType[slack.SlackErrorResponse](err)
	if !is {
		return ""
	}
	if what := meaningOf(refused.Err); what.fate != lasting && what.fate != ours {
		return ""
	}
	return explained(refused, refused).Error()
}

// becauseOf is Slack's own word for why it refused, as part of a sentence; empty: it said
// none.
func becauseOf(err error) string {
	refused, is := errors.AsType[slack.SlackErrorResponse](err)
	if !is {
		return ""
	}
	return " (" + cut(oneLine(refused.Err), 60) + ")"
}

// strange counts how often a request was refused with a code that is on no page.
type strange struct {
	mu    sync.Mutex
	times map[string]int
}

// enough is how often such a refusal is taken for one that passes.
const enough = 3

// again counts one more, and reports whether it was enough.
func (s *strange) again(request string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.times == nil || len(s.times) >= mostKept {
		s.times = map[string]int{}
	}
	s.times[request]++
	return s.times[request] >= enough
}

func (s *strange) forget(request string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.times, request)
}

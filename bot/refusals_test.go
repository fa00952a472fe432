package bot

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// documented are the errors that the pages of the methods list
// (https://docs.slack.dev/reference/methods). The first row is on all of them.
func documented() map[string]string {
	return map[string]string{
		"all": `access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied enterprise_is_restricted
			fatal_error internal_error invalid_arg_name invalid_arguments invalid_array_arg invalid_auth invalid_charset
			invalid_form_data invalid_post_type method_deprecated missing_post_type missing_scope no_permission
			not_allowed_token_type not_authed org_login_required ratelimited request_timeout service_unavailable
			team_access_not_granted team_added_to_org token_expired token_revoked two_factor_setup_required
			missing_args insecure_request user_removed_from_team team_disabled invalid_json json_not_object unknown_method`,
		"chat.postMessage": `as_user_not_supported attachment_payload_limit_exceeded cannot_reply_to_message channel_not_found
			draft_already_deleted draft_already_sent draft_has_conflict draft_not_found duplicate_channel_not_found
			duplicate_message_not_found invalid_blocks invalid_blocks_format invalid_metadata_format invalid_metadata_schema
			is_archived markdown_text_conflict message_limit_exceeded messages_tab_disabled metadata_must_be_sent_from_app
			metadata_too_large missing_file_data msg_blocks_too_long msg_too_long no_text not_in_channel rate_limited
			restricted_action restricted_action_non_threadable_channel restricted_action_read_only_channel
			restricted_action_thread_locked restricted_action_thread_only_channel slack_connect_canvas_sharing_blocked
			slack_connect_file_link_sharing_blocked slack_connect_lists_sharing_blocked team_not_found too_many_attachments
			too_many_contact_cards`,
		"chat.update": `as_user_not_supported block_mismatch cant_broadcast_message cant_update_message channel_not_found
			edit_window_closed external_channel_migrating invalid_attachments invalid_blocks invalid_blocks_format
			invalid_metadata_format invalid_metadata_schema is_inactive markdown_text_conflict message_not_found
			metadata_must_be_sent_from_app metadata_too_large msg_too_long no_dual_broadcast_content_update no_text
			slack_connect_file_link_sharing_blocked streaming_state_conflict team_not_found too_many_attachments update_failed`,
		"chat.postEphemeral": `cannot_reply_to_message channel_not_found invalid_attachments invalid_blocks invalid_blocks_format
			is_archived is_bot markdown_text_conflict message_limit_exceeded messages_tab_disabled msg_too_long no_text
			not_in_channel restricted_action too_many_attachments user_not_in_channel`,
		"chat.delete":        `as_user_not_supported cant_delete_message channel_not_found compliance_exports_prevent_deletion message_not_found`,
		"conversations.info": `channel_not_found method_not_supported_for_channel_type channel_is_limited_access`,
		"conversations.open": `channel_not_found invalid_user_combination method_not_supported_for_channel_type not_enough_users
			too_many_users user_disabled user_not_found user_not_visible users_list_not_supplied`,
		"usergroups":            `no_such_subteam plan_upgrade_required`,
		"users.info":            `user_not_found user_not_visible`,
		"views.open":            `duplicate_external_id exchanged_trigger_id expired_trigger_id view_too_large`,
		"views.publish":         `duplicate_external_id hash_conflict missing_profile_id not_enabled not_implemented view_too_large`,
		"apps.connections.open": `forbidden_team`,
		"seen":                  `posting_to_channel_denied user_is_restricted invalid_thread_ts thread_not_found cannot_dm_bot invalid_trigger_id`,
	}
}

func TestDocumentedErrors(t *testing.T) {
	for method, codes := range documented() {
		for code := range strings.FieldsSeq(codes) {
			what := meaningOf(code)
			if what.fate == unheardOf {
				t.Errorf("%s: %s is not sorted", method, code)
			}
			if _, said := sayings()[what.reason]; (what.fate == lasting || what.fate == ours) && !said {
				t.Errorf("%s: %s has the reason %q, and no sentence", method, code, what.reason)
			}
		}
	}
}

// TestCardRefusals says for each lasting code what the request ends with,
// and that the sentence is of its own kind.
func TestCardRefusals(t *testing.T) {
	invite, admin := "/invite", "administrator"
	for code, tt := range map[string]struct {
		reason approvals.Reason
		says   string
	}{
		"not_in_channel":                        {approvals.NotInChannel, invite},
		"channel_not_found":                     {approvals.NotInChannel, invite},
		"is_archived":                           {approvals.ChannelArchived, "archived"},
		"restricted_action_read_only_channel":   {approvals.ChannelReadOnly, "read-only"},
		"restricted_action_thread_only_channel": {approvals.ThreadsOnly, "only replies in threads"},
		"restricted_action":                     {approvals.PostingRestricted, "who may post"},
		"posting_to_channel_denied":             {approvals.PostingRestricted, "who may post"},
		"channel_is_limited_access":             {approvals.ChannelLimited, "Salesforce"},
		"ekm_access_denied":                     {approvals.PostingSuspended, admin},
		"team_access_not_granted":               {approvals.WorkspaceNotGranted, admin},
		"no_permission":                         {approvals.NotPermitted, "no_permission"},
		"accesslimited":                         {approvals.NetworkNotAllowed, "network"},
		"message_limit_exceeded":                {approvals.MessageLimit, "plan"},
		"invalid_blocks":                        {approvals.CardRefused, "my mistake: invalid_blocks"},
		"msg_too_long":                          {approvals.CardRefused, "my mistake: msg_too_long"},
	} {
		o := visit(t, slackfake.Options{})
		o.Break(slackfake.Fault{Method: "chat.postMessage", Error: code})
		_, err := o.slack.Show(t.Context(), pending("investigate", 1))
		refused, is := errors.AsType[*approvals.NoPlace](err)
		if !is || refused.Why.Reason != tt.reason || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v, want %s", code, err, tt.reason)
			continue
		}
		says := sentence(refused.Why)
		if !strings.Contains(says, tt.says) || strings.Contains(says, invite) != (tt.says == invite || code == "no_permission") {
			t.Errorf("%s: %s", code, says)
		}
	}
}

// TestMissingScope as Slack names it.
func TestMissingScope(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.SetScopes("users:read")
	_, err := o.slack.Show(t.Context(), pending("investigate", 1))
	refused, is := errors.AsType[*approvals.NoPlace](err)
	if !is || refused.Why != (approvals.Why{Reason: approvals.MissingScope, Detail: "chat:write"}) {
		t.Fatalf("%v, want the missing scope", err)
	}
	if says := sentence(refused.Why); !strings.Contains(says, "lacks a scope: chat:write") {
		t.Errorf("the requester is told: %s", says)
	}
}

// TestFactsRefused: what Slack refuses to say, and would refuse again, is not put
// off on "in a moment".
func TestFactsRefused(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.SetScopes("chat:write")
	_, err := o.slack.Facts(t.Context(), ada)
	told := explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.NotKnown}, Err: err}).plain()
	if !strings.Contains(told, "missing_scope (needed: users:read)") || strings.Contains(told, "in a minute") {
		t.Errorf("people are told: %s", told)
	}
	o.Break(slackfake.Fault{Method: "users.info", Error: "internal_error"})
	o.clock.Advance(time.Minute)
	_, err = o.slack.Facts(t.Context(), ada)
	if told = explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.NotKnown}, Err: err}).plain(); !strings.Contains(told, "in a minute") {
		t.Errorf("of trouble that passes people are told: %s", told)
	}
}

// TestBlocksRefused keep Slack's own words about where the mistake is.
func TestBlocksRefused(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.Break(slackfake.Fault{
		Method: "chat.postMessage",
		Body:   `{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] must be shorter [json-pointer:/blocks/3]"]}}`,
	})
	_, err := o.slack.Show(t.Context(), pending("investigate", 1))
	if !isNoPlace(err) || !strings.Contains(err.Error(), "json-pointer:/blocks/3") {
		t.Errorf("%v; want Slack's words", err)
	}
}

// TestUnknownCode passes at first, for each request by itself, and is taken for
// lasting after a few tries. What was refused for another reason does not count.
func TestUnknownCode(t *testing.T) {
	o := visit(t, slackfake.Options{})
	try := func(id string) error {
		t.Helper()
		o.clock.Advance(time.Minute)
		r := pending("investigate", 1)
		r.ID = id
		_, err := o.slack.Show(t.Context(), r)
		return err
	}
	for range 2 * enough {
		off := o.Break(slackfake.Fault{Method: "chat.postMessage", Error: "internal_error"})
		if err := try("D-PASSES"); err == nil || isNoPlace(err) {
			t.Fatalf("internal_error: %v", err)
		}
		off()
	}
	off := o.Break(slackfake.Fault{Method: "chat.postMessage", Error: "moon_is_full"})
	for n := 1; n <= enough; n++ {
		for _, id := range []string{"D-ONE", "D-TWO"} {
			err := try(id)
			refused, is := errors.AsType[*approvals.NoPlace](err)
			if is != (n == enough) || err == nil {
				t.Errorf("try %d of %s: %v", n, id, err)
			}
			if is && (refused.Why.Reason != approvals.SlackRefused || !strings.Contains(sentence(refused.Why), "moon_is_full")) {
				t.Errorf("%s ends with %+v", id, refused.Why)
			}
		}
	}
	off()
	if err := try("D-ONE"); err != nil {
		t.Fatal(err)
	}
	o.Break(slackfake.Fault{Method: "chat.postMessage", Error: "moon_is_full"})
	if err := try("D-ONE"); isNoPlace(err) {
		t.Errorf("the first refusal after a success: %v", err)
	}
}

// TestReplyAnswers: a reply that is not in its thread is told from one
// that is, and from one of which the answer does not say.
func TestReplyAnswers(t *testing.T) {
	o := visit(t, slackfake.Options{})
	r := reminded(o.post(t, pending("investigate", 1)))
	for message, want := range map[string]error{
		"": nil,
		`,"message":{"ts":"1.2","thread_ts":"` + r.Card.TS + `"}`: nil,
		`,"message":{"ts":"1.2"}`:                                 approvals.ErrUnthreaded,
	} {
		body := `{"ok":true,"ts":"1.2"` + message + "}"
		o.clock.Advance(time.Minute)
		off := o.Break(slackfake.Fault{Method: "chat.postMessage", Replies: true, Body: body})
		if err := o.slack.Say(t.Context(), r, 0); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
		off()
	}
}

// TestRejectedCard: what the channel does not take is told to the
// requester, without another try.
func TestRejectedCard(t *testing.T) {
	o := visit(t, slackfake.Options{})
	r := pending("investigate", 1)
	r.State, r.Ended, r.EndedAt = approvals.Rejected, approvals.End{Why: approvals.Why{Reason: approvals.ThreadsOnly}}, r.Opened
	if ts, err := o.slack.Show(t.Context(), r); ts != "" || err != nil {
		t.Fatalf("show: %q, %v", ts, err)
	}
	seen := o.Ephemerals(ada)
	if len(seen) != 1 || !strings.Contains(seen[0].Text, "only replies in threads") || o.asks("chat.postMessage") != 0 {
		t.Errorf("ada sees %+v, and %d messages were posted", seen, o.asks("chat.postMessage"))
	}
}

// TestTokenCodes, whichever method gets them, and others do not.
func TestTokenCodes(t *testing.T) {
	o := visit(t, slackfake.Options{})
	calls := everyCall(t, o)
	for method, call := range calls {
		for code, doubted := range map[string]bool{
			"invalid_auth": true, "not_authed": true, "account_inactive": true, "token_revoked": true, "token_expired": true,
			"user_removed_from_team": true, "team_disabled": true, "not_in_channel": false, "internal_error": false, "missing_scope": false,
		} {
			off := o.Break(slackfake.Fault{Method: method, Error: code})
			err := call()
			off()
			want := doubted && method != openMethod
			select {
			case got := <-o.slack.Doubts():
				if !want || !strings.Contains(got.Error(), code) {
					t.Errorf("%s: %s raises %q", method, code, got)
				}
			default:
				if want {
					t.Errorf("%s: %s raises no doubt: %v", method, code, err)
				}
			}
			if errors.Is(err, ErrPermanent) && method != "auth.test" && doubted {
				t.Errorf("%s: %s is permanent without having been checked", method, code)
			}
		}
	}
	o.Revoke("token_revoked")
	if err := o.slack.Check(t.Context()); !errors.Is(err, ErrPermanent) || !strings.Contains(fmt.Sprint(err), "SLACK_BOT_TOKEN") {
		t.Errorf("check: %v", err)
	}
}

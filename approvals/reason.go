package approvals

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reason is why something was refused, waits or ended. The set is closed; the
// sentences that people read are made from it on the Slack side.
type Reason string

// Reasons why a person may not do something.
const (
	NotKnown         Reason = "not_known"         // facts about the person could not be had
	NotAMember       Reason = "not_a_member"      // guest, external, bot, deleted, other workspace
	NotARequester    Reason = "not_a_requester"   // not on the list of those who may ask for the action
	NotAnApprover    Reason = "not_an_approver"   // not on the list of those who may decide on it
	OwnHand          Reason = "own_hand"          // made an approver after it was asked for, by their own change or the requester's
	ActionOff        Reason = "action_off"        // the action is not switched on here
	OwnRequest       Reason = "own_request"       // the requester never counts as the approver
	AskedFirst       Reason = "asked_first"       // nor does the requester of what is tried again
	OtherTeam        Reason = "other_team"        // done in a workspace that is not the bot's
	OtherMessage     Reason = "other_message"     // pressed on something that is not the request's card
	TypedElsewhere   Reason = "typed_elsewhere"   // its id was typed in another channel, by somebody else
	NotYours         Reason = "not_yours"         // neither the requester nor an approver
	NotYoursToStop   Reason = "not_yours_to_stop" // no approver, whoever asked
	NotYoursToSee    Reason = "not_yours_to_see"  // made in another channel, and somebody else's
	MadeElsewhere    Reason = "made_elsewhere"    // made in another channel, so it is not shown to everybody here
	OnlyApprovers    Reason = "only_approvers"    // no approver of any action
	NotYoursToPick   Reason = "not_yours_to_pick" // no requester, whoever approves
	NobodyElse       Reason = "nobody_else"       // too few others could approve it
	ChannelNotTaken  Reason = "channel_not_taken" // commands are not taken in this channel
	ChannelShared    Reason = "channel_shared"    // shared with another organisation
	NotInChannel     Reason = "not_in_channel"    // the bot is not in the channel
	DirectMessage    Reason = "direct_message"    // no approver would see the card
	ChannelArchived  Reason = "channel_archived"
	NotYoursToFreeze Reason = "not_yours_to_freeze" // no approver of any action
	AlreadyFrozen    Reason = "already_frozen"      // no call leaves as it is
	NotFrozen        Reason = "not_frozen"          // there is no freeze to lift
	ForcedTooOften   Reason = "forced_too_often"    // the person has acted alone as often as one may in an hour
	ForcedBeyond     Reason = "forced_beyond"       // with it they would reach more devices in an hour than one person does
	TooFewForReach   Reason = "too_few_for_reach"   // it goes beyond that, and nobody could be the additional approver
	Refrozen         Reason = "refrozen"            // the freeze that is to be lifted was lifted, and there is another
	NoBreakGlass     Reason = "no_break_glass"      // nobody may act alone here
	TooManyOpen      Reason = "too_many_open"       // the person has too many requests open
	AlreadyOpen      Reason = "already_open"        // a request for the same action and device is open
	Excluded         Reason = "excluded"            // a request for an action that excludes it is open on the device
)

// Reasons why an event does not fit the request as it is.
const (
	NoSuchRequest   Reason = "no_such_request"
	NewerRecord     Reason = "newer_record"     // written by a later version, for later versions
	BrokenRecord    Reason = "broken_record"    // what is stored contradicts itself
	UnknownAction   Reason = "unknown_action"   // of another version's catalogue
	AlreadyApproved Reason = "already_approved" // by the same person
	AlreadyDecided  Reason = "already_decided"  // it is in no state to decide on
	TooLate         Reason = "too_late"         // its time to decide has passed
	NothingToCancel Reason = "nothing_to_cancel"
	NothingToRetry  Reason = "nothing_to_retry"
	NothingToReview Reason = "nothing_to_review" // nobody did it alone
	AlreadyReviewed Reason = "already_reviewed"
	NothingToStop   Reason = "nothing_to_stop" // nothing of it runs in Defender
	StopUnderWay    Reason = "stop_under_way"  // somebody has asked for that already
	NoWayToStop     Reason = "no_way_to_stop"  // Defender has no call for it
	NothingFollows  Reason = "nothing_follows" // nothing on the card for which that can be asked
	AlreadyRetried  Reason = "already_retried"
	NoPackage       Reason = "no_package"     // nothing was collected there
	PickEnded       Reason = "pick_ended"     // the request has ended
	PickTooLate     Reason = "pick_too_late"  // its time has passed
	AlreadyPicked   Reason = "already_picked" // which device it is has been settled
	NotOffered      Reason = "not_offered"    // it was not among those to choose from
	ShownDiffers    Reason = "shown_differs"  // the card showed something else
	OpReused        Reason = "op_reused"      // the envelope's id was used for something else before
	DoesNotFit      Reason = "does_not_fit"   // a machine's event in a state that does not take it
)

// Reasons why a request was rejected.
const (
	CheckTimeout    Reason = "check_timeout" // devices could not be looked up in time
	DeviceNotFound  Reason = "device_not_found"
	DeviceAmbiguous Reason = "device_ambiguous" // several devices have that name, and nobody can choose one
	DevicesTooMany  Reason = "devices_too_many" // more than anybody could choose from
	NearNames       Reason = "near_names"       // behind one that was not found: names that begin like it
	ChoiceTimeout   Reason = "choice_timeout"   // the requester did not choose
	DeviceMerged    Reason = "device_merged"
	DeviceExcluded  Reason = "device_excluded"
	DeviceTwice     Reason = "device_twice"  // two of the names are one device
	DeviceUnread    Reason = "device_unread" // Defender could not be asked which device a name is
	NameUnread      Reason = "name_unread"   // the same, where nothing was asked for
)

// Reasons why the link to a package cannot be given.
const (
	PackageWaits    Reason = "package_waits"     // Microsoft's limit for links is used up
	PackageNotReady Reason = "package_not_ready" // Defender does not have it, or not yet
	PackageRole     Reason = "package_role"      // the registration may not fetch it
	PackageUnread   Reason = "package_unread"    // Defender could not be asked
)

// Reasons why the chat does not take the card of a request.
const (
	ChannelReadOnly     Reason = "channel_read_only"
	ThreadsOnly         Reason = "threads_only"          // the channel takes replies only
	PostingRestricted   Reason = "posting_restricted"    // a setting keeps this bot from posting
	ChannelLimited      Reason = "channel_limited"       // the channel is open to those who may see a record in Salesforce
	PostingSuspended    Reason = "posting_suspended"     // administrators have switched posting off
	WorkspaceNotGranted Reason = "workspace_not_granted" // the organisation has not let this bot into the workspace
	NotPermitted        Reason = "not_permitted"
	MissingScope        Reason = "missing_scope"
	NetworkNotAllowed   Reason = "network_not_allowed"
	MessageLimit        Reason = "message_limit" // of workspaces that do not pay
	CardRefused         Reason = "card_refused"  // a mistake of ours
	SlackRefused        Reason = "slack_refused" // nobody knows why
)

// Reasons why a call waits, ended or is not known.
const (
	Frozen             Reason = "frozen"              // by order of an approver no call leaves
	WaitsForWindow     Reason = "waits_for_window"    // Microsoft's limit is used up
	ReadsUsedUp        Reason = "reads_used_up"       // Microsoft's limit for look-ups is, or this person's share of it
	Throttled          Reason = "throttled"           // Defender said: too many requests
	Paused             Reason = "paused"              // everybody is kept from the endpoint; the record does not say why
	NotReached         Reason = "not_reached"         // no connection to Defender, or no answer
	ServiceTrouble     Reason = "service_trouble"     // Defender says that something is wrong on its side
	BadAnswer          Reason = "bad_answer"          // what answers is not Defender, or nobody can read it
	NotShown           Reason = "not_shown"           // Defender does not show what it took before
	HeldUp             Reason = "held_up"             // we let the moment for sending pass
	NoToken            Reason = "no_token"            // Microsoft's login service refuses, or the credential cannot be used
	LoginTrouble       Reason = "login_trouble"       // Microsoft's login service is not there, or has a problem
	TokenRefused       Reason = "token_refused"       // Defender does not take the access token
	NotDurable         Reason = "not_durable"         // Redis did not confirm that it lasts
	ApproverUnchecked  Reason = "approver_unchecked"  // could not check that the approver still may
	ApproverGone       Reason = "approver_gone"       // the approver no longer may
	ApproverOwnHand    Reason = "approver_own_hand"   // the approver became one by such a change
	RequesterUnchecked Reason = "requester_unchecked" // could not check that the requester still may
	RequesterGone      Reason = "requester_gone"      // the requester no longer may
	ForcerGone         Reason = "forcer_gone"         // whoever acts alone no longer may
	ForcerUnchecked    Reason = "forcer_unchecked"    // could not check that they still may
	ExecutionLapsed    Reason = "execution_lapsed"    // waited longer than an approval lasts
	TookTooLong        Reason = "took_too_long"       // the horizon passed
	AnswerLost         Reason = "answer_lost"         // sent, and no answer that could be read
	OwnerLost          Reason = "owner_lost"          // whoever sent it did not report back
	SetBack            Reason = "set_back"            // Redis has lost changes, perhaps that it was decided and sent
	RolledBack         Reason = "rolled_back"         // Redis has lost changes, perhaps that it was sent
	NotStarted         Reason = "not_started"         // looked up, and not there
	SeveralFound       Reason = "several_found"       // looked up, and more than one could be it
	AlreadyRunning     Reason = "already_running"     // something else runs on the device
	NoSuchDevice       Reason = "no_such_device"      // Defender does not know the id
	UnsupportedOS      Reason = "unsupported_os"
	MissingRole        Reason = "missing_role"
	Licence            Reason = "licence"
	Disallowed         Reason = "disallowed"
	Ended              Reason = "ended"       // Microsoft does not offer the action any more
	ReadsEnded         Reason = "reads_ended" // nor to see what became of it
	Refused            Reason = "refused"     // Defender refused it for another reason
	Ran                Reason = "ran"         // it ran and ended as Defender says
)

// Unsent reports whether an attempt came to nothing before a byte of it left.
func (r Reason) Unsent() bool { return r == NotReached || r == HeldUp || r == NotDurable }

// Why is a reason with what belongs to it.
type Why struct {
	Reason Reason    `json:"reason"`
	Detail string    `json:"detail,omitempty"` // which device, role, request...; or Defender's own words
	Target string    `json:"target,omitempty"` // Defender's correlation id of an error
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Cause  *Why      `json:"cause,omitempty"` // what is behind it, where that is another reason
	Other  *Other    `json:"other,omitempty"` // the request that is in the way
}

// brief is a reason for the audit trail: the code, what it is about, Defender's
// correlation id, and the same of its cause.
func (w Why) brief() string {
	text := strings.Join([]string{string(w.Reason), w.Detail, w.Target}, " ")
	if w.Cause != nil {
		text += " " + w.Cause.brief()
	}
	return strings.Join(strings.Fields(text), " ")
}

// target is Defender's correlation id, of w or of what is behind it.
func (w Why) target() string {
	if w.Target == "" && w.Cause != nil {
		return w.Cause.target()
	}
	return w.Target
}

// asCause is w as what is behind another reason; nil: there is nothing to tell.
func (w Why) asCause() *Why {
	if w.Reason == "" {
		return nil
	}
	return &w
}

// Refusal is the error for everything that is refused: by the policy, or because
// it does not fit the request as it is.
type Refusal struct {
	Why Why
	// Request is what the refusal was decided on, where there is one.
	Request Request
	// Others are the entries of the list of approvers that do not count, or of
	// which it is not known, where that is why too few people could approve.
	Others []Standing
	// Frozen is the freeze in force, where that is why.
	Frozen Freeze
	// Err is what kept facts from being known, for the log.
	Err error
}

// Unwrap is the cause, if there is one.
func (n *Refusal) Unwrap() error { return n.Err }

// Error names the reason for logs. People get a sentence made from Why.
func (n *Refusal) Error() string {
	if n.Why.Detail == "" {
		return "refused: " + string(n.Why.Reason)
	}
	return "refused: " + string(n.Why.Reason) + " (" + n.Why.Detail + ")"
}

// Refuse is a [Refusal] for that reason.
func Refuse(reason Reason, detail string) error {
	return &Refusal{Why: Why{Reason: reason, Detail: detail}}
}

// WithRequest adds to a refusal what it was decided on.
func WithRequest(err error, r Request) error {
	var refused *Refusal
	if errors.As(err, &refused) && refused.Request.ID == "" {
		whole := *refused
		whole.Request = r
		return &whole
	}
	return err
}

// What is known of a change that was not confirmed.
var (
	// ErrNotRecorded means that it is certain that nothing was recorded.
	ErrNotRecorded = errors.New("nothing was recorded")
	// ErrUnconfirmed means that nobody can tell whether something was recorded.
	ErrUnconfirmed = errors.New("could not confirm that it was recorded")
	// ErrNotRead means that something could not be read, and nothing was to be changed.
	ErrNotRead = errors.New("could not be read")
	// ErrNotDurable means that it was recorded, but could be lost if the database fails.
	ErrNotDurable = fmt.Errorf("%w and will last", ErrUnconfirmed)
	// ErrTooFewReplicas means that it could be lost with the master of the database.
	ErrTooFewReplicas = fmt.Errorf("%w: too few replicas of Redis have it", ErrNotDurable)
	// ErrNotOnDisk means that it could be lost with the memory of the database.
	ErrNotOnDisk = fmt.Errorf("%w: it is not on Redis's disk yet", ErrNotDurable)
)

// RefusalOr keeps a refusal and marks every other error with kind.
func RefusalOr(err, kind error) error {
	if _, ok := AsRefusal(err); ok {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// OpenElsewhere is the request because of which an error refuses one for the same
// device; empty: that is not why.
func OpenElsewhere(err error) string {
	if r, ok := AsRefusal(err); ok && (r.Why.Reason == AlreadyOpen || r.Why.Reason == Excluded) {
		return r.Why.Detail
	}
	return ""
}

// AsRefusal is the refusal in an error, if there is one.
func AsRefusal(err error) (*Refusal, bool) { return errors.AsType[*Refusal](err) }

// IsRefusal reports whether an error is a refusal for that reason.
func IsRefusal(err error, reason Reason) bool {
	refused, ok := AsRefusal(err)
	return ok && refused.Why.Reason == reason
}

package audit

// Name is what an entry is called, and what it means.
type Name struct {
	Name, Tells string
}

// Names are all names of entries, in the order of what they are about: a request, its calls,
// what runs in Defender, and what belongs to no request. A name never changes its meaning.
func Names() []Name {
	return []Name{
		{"ask", "somebody asked for an action; the detail is what they typed"},
		{"offer", "a name fits several devices, and the requester is shown them"},
		{"pick", "the requester chose one of them"},
		{"resolve", "the devices are known, and people are asked to decide; the detail is their ids"},
		{"reject", "it went no further, and why"},
		{"remind", "half of the time to decide has passed, or a day without a review, and the thread says so"},
		{"escalate", "two thirds of the time to decide have passed, and others are called in"},
		{"approve", "an approver said yes; the detail is the digest of what they were shown"},
		{"deny", "an approver said no; the detail is the reason as typed"},
		{"cancel", "it was taken back, or those of its calls that waited"},
		{"expire", "nobody decided in time"},
		{"force", "the devices are known, and the requester acts alone (break-glass); the detail is their ids"},
		{"review", "another approver reviewed that; the detail is what they typed"},
		{"name", "the name of a device was found out later"},
		{"retry", "what had failed was asked for again; the detail is as which request, and for which devices"},
		{"follow", "another action was asked for from its card; the detail is which, and as which request"},
		{"package", "somebody was given the link to what was collected; the link is written nowhere"},
		{"forget", "its record was removed, because `RETENTION` has passed"},

		{"send", "from here on the POST for this call can have left"},
		{"accept", "Defender took it, as which job"},
		{"requeue", "nothing can have started, and it waits again"},
		{"fail", "Defender refused it, and why"},
		{"doubt", "nobody knows whether it started, so it is looked up"},
		{"suspect", "it may have been sent before Redis lost changes, so it is looked up and not sent"},
		{"adopt", "it was found in Defender, as which job"},
		{"miss", "it was looked for long enough and is not there"},
		{"report", "Defender shows something new about its job"},
		{"losesight", "Defender cannot be asked about it"},
		{"regainsight", "Defender can be asked about it again"},
		{"giveup", "how it ended cannot be found out"},
		{"wait", "it has to wait, and for what; or no longer has to"},
		{"lapse", "the approval no longer holds"},
		{"stop", "it was cancelled before it was sent"},

		{"stopjobs", "somebody asked for what runs to be stopped"},
		{"sendstop", "from here on the POST that stops it can have left"},
		{"takestop", "Defender took that"},
		{"holdstop", "nothing can have come of that, and it is tried again"},
		{"refusestop", "Defender refused that, and why"},
		{"losestop", "nobody knows whether it stopped anything"},

		{"freeze", "an approver stopped all calls; the detail is the reason as typed. With the reason `rolled_back`, the bot put it back, because Redis had lost it with its last changes. The `approve` of a request whose `action` is `unfreeze` lifts it"},
		{"refused", "somebody was refused something (`what`, `reason`); with a `count`, that many more in the same minute"},
		{"start", "a process of the bot started, of which version; `to` is the digest of its rules"},
		{"rules", "the rules are not those of the start before: `from` and `to` are their digests, and the detail is what is new"},
		{"probe", "`bot doctor -probe` is about to ask Defender for actions on a device that does not exist; the detail is which actions"},
		{"setback", "Redis had lost entries that a process of the bot had seen"},
	}
}

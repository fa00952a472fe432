package commands

import "strings"

// aloneMark ends the name of an action that somebody wants without a second person.
const aloneMark = "!"

// Force asks for an action on one device, at once and without a second person
// (break-glass). Whether somebody may is not the grammar's business.
type Force struct {
	Action  string // the Name of one of the grammar's actions
	Device  Device
	Comment string // as of Ask
}

// Typed is how it is typed behind the slash command.
func (f Force) Typed() string {
	return f.Action + aloneMark + " " + f.Device.String() + " " + f.Comment
}

func (Force) command() {}

const forceArgs = "<device> <comment>"

// forcer is the form of an action without a second person. It is understood, and offered to
// nobody who has mistyped something else.
func (g Grammar) forcer(a Action) form {
	f := form{name: a.Name + aloneMark, args: forceArgs, off: true}
	f.read = func(rest string) (Command, *Error) {
		ask, problem := g.asker(f.name)(rest)
		if problem != nil {
			return nil, problem
		}
		c, _ := ask.(Ask)
		if len(c.Devices) > 1 {
			return nil, g.wrong(f.name, "“%s” acts without a second person, so it takes one device at a time; %d were given.", f.name, len(c.Devices))
		}
		return Force{Action: a.Name, Device: c.Devices[0], Comment: c.Comment}, nil
	}
	if a.Off {
		f.read = func(string) (Command, *Error) { return Off{a.Name}, nil }
	}
	return f
}

// aloneHelp is what help says of acting without a second person, where somebody may.
func (g Grammar) aloneHelp() string {
	if !g.Alone {
		return ""
	}
	return strings.Join([]string{
		g.Slash + " <action>" + aloneMark + " " + forceArgs,
		"    Break-glass: act at once, without a second person. For approvers of the action, on one device, three times an hour at most.",
		"    The approvers are told, and another of them has to review it.", "",
	}, "\n")
}

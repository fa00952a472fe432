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

// forcing is the form of an action without a second person. It is understood, and offered to
// nobody who has mistyped something else.
func forcing(a Action) form {
	f := form{name: a.Name + aloneMark, args: forceArgs, off: true, read: Grammar.readForce}
	if a.Off {
		f.read = Grammar.readOff
	}
	return f
}

func (g Grammar) readForce(name, rest string) (Command, *Error) {
	ask, problem := g.ask(name, rest)
	if problem != nil {
		return nil, problem
	}
	if len(ask.Devices) > 1 {
		return nil, g.wrong(name, "“%s” acts without a second person, so it takes one device at a time; %d were given.", name, len(ask.Devices))
	}
	return Force{Action: strings.TrimSuffix(name, aloneMark), Device: ask.Devices[0], Comment: ask.Comment}, nil
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

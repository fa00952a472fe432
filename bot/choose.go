package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// Offer implements [approvals.Chat].
func (w *Workspace) Offer(ctx context.Context, r approvals.Request) error {
	return w.whisper(ctx, w.asker(r), w.views.offerPage(r))
}

// offerPage asks the requester which device a name stands for.
func (v Views) offerPage(r approvals.Request) page {
	c := r.Choice
	name := cut(oneLine(r.Devices[c.Device].Name), 64)
	return page{
		says(wordsf("%d devices in Defender match the name ", len(c.Offered)), strong(name), words(". Which one do you mean? "), code(r.ID),
			words(" goes on with the one you choose; without a choice it ends "), when(r.ChoiceEnds()), words(".")),
		{kind: choosing, menu: menu{actionPick, "Choose a device, newest first", options(r)}, instead: v.typedInstead(r)},
	}
}

// options are what there is to choose from, newest first.
func options(r approvals.Request) []option {
	list := make([]option, len(r.Choice.Offered))
	room := menuLimit / max(len(list), 1)
	for i, d := range r.Choice.Offered {
		more := optionMore(d, room >= 2*optionLimit)
		list[i] = option{
			label: optionLabel(d, r.Choice.At, min(optionLimit, room-len([]rune(more)))), more: more,
			value: strings.Join([]string{r.ID, strconv.Itoa(r.Choice.Device), d.ID}, "."),
		}
	}
	return list
}

// optionLimit is how many characters each of the two lines of an option may have
// (https://docs.slack.dev/reference/block-kit/composition-objects/option-object).
const optionLimit = 75

// menuLimit is how many characters all options together may have, so that a message takes
// them with what is said above.
const menuLimit = 11_000

// optionLabel is a device in one line of at most that many characters. Its name gives way to the rest.
func optionLabel(d approvals.Device, now time.Time, limit int) string {
	rest := ""
	if d.OS != "" {
		rest = " · " + cut(fact(system(d.OS)), 24)
	}
	rest += " · " + seen(d, now)
	return cut(cut(fact(d.Name), max(limit-len([]rune(rest)), 1))+rest, limit)
}

// optionMore is its whole id and, where there is room, how it is.
func optionMore(d approvals.Device, roomy bool) string {
	more := d.ID
	if d.Health != "" && roomy {
		more += " · " + fact(d.Health)
	}
	return cut(more, optionLimit)
}

// seen says how long ago Defender last heard of a device.
func seen(d approvals.Device, now time.Time) string {
	if d.LastSeen.IsZero() {
		return "never seen"
	}
	return "seen " + inWords(now.Sub(d.LastSeen)) + " ago"
}

// mostTyped is how many devices are listed for whoever has no menu.
const mostTyped = 20

// typedInstead is the same for whoever cannot choose from a menu: the devices with their
// whole ids, and what to type.
func (v Views) typedInstead(r approvals.Request) (p page) {
	all := r.Choice.Offered
	for _, d := range all[:min(len(all), mostTyped)] {
		p = append(p, says(words("• "+optionLabel(d, r.Choice.At, optionLimit)+" · "), code(d.ID)))
	}
	if more := len(all) - mostTyped; more > 0 {
		p = append(p, says(wordsf("and %d more; the portal shows their ids", more)))
	}
	again := commands.Ask{Action: r.Action, Comment: r.Comment}
	for i, d := range r.Devices {
		if i == r.Choice.Device {
			d = all[0]
		}
		again.Devices = append(again.Devices, commands.Device{ID: d.ID, Name: nameWithoutID(d)})
	}
	return append(p, says(words("Without a menu, ask again with the id of the one you mean, for example: "), code(v.Slash+" "+again.Typed())))
}

// nameWithoutID is the name of a device that has no id yet.
func nameWithoutID(d approvals.Device) string {
	if d.ID != "" {
		return ""
	}
	return d.Name
}

// pick takes the choice of a device.
func (b *Bot) pick(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Pick(ctx, a.by, a.id, a.nth, a.device)
	return r, pickedPage(r, a.nth), err
}

// pickOf is what the value of an option says.
func pickOf(value string) (id string, device int, chosen string) {
	parts := strings.SplitN(value, ".", 3)
	if len(parts) != 3 {
		return "", -1, ""
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		n = -1
	}
	return parts[0], n, parts[2]
}

func pickedPage(r approvals.Request, n int) page {
	if n < 0 || n >= len(r.Devices) {
		return nil
	}
	name := strings.TrimSpace(cut(fact(r.Devices[n].Name), 64) + " " + r.Devices[n].ID)
	return say(fmt.Sprintf("You chose %s. I am going on with %s; then the card for approval appears here.", name, r.ID))
}

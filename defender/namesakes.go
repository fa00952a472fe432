package defender

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// ErrTooMany is in the error about a name that more devices have than Defender lists.
var ErrTooMany = errors.New("more devices than one list holds")

// Exactly keeps the devices whose whole name is name, in any case, if there are any: who
// types a whole name means it, whatever else begins with it.
func Exactly(found []Device, name string) []Device {
	other := func(d Device) bool { return !strings.EqualFold(d.Name, strings.TrimSpace(name)) }
	if exact := slices.DeleteFunc(slices.Clone(found), other); len(exact) > 0 {
		return exact
	}
	return found
}

// DevicesLike returns up to most devices whose names begin like name, the most alike
// first. It is one read, and of a tenant with very many of them it need not have seen all.
// See https://learn.microsoft.com/defender-endpoint/api/exposed-apis-odata-samples.
func (c *Client) DevicesLike(ctx context.Context, name string, most int) ([]Device, error) {
	label, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), ".")
	begin := []rune(label)
	begin = begin[:len(begin)-len(begin)/3] // who mistypes a name mostly does so at its end
	if len(begin) == 0 {
		return nil, &Error{Op: readDevice().op, Cause: NotSent, Err: errors.New("a device name is required")}
	}
	page, _, err := list[machine](ctx, c, readDevice(), "/api/machines", "startswith(computerDnsName,"+quote(string(begin))+")")
	switch {
	case CauseOf(err) == NoSuchDevice:
		return nil, nil // see [Client.DevicesNamed]
	case err != nil:
		return nil, err
	}
	var found []Device
	for _, m := range page {
		if d := m.device(); d.ID != "" && alike(d.Name, label) >= len(begin) {
			found = append(found, d)
		}
	}
	slices.SortStableFunc(found, func(a, b Device) int {
		return cmp.Or(alike(b.Name, label)-alike(a.Name, label), b.LastSeen.Compare(a.LastSeen))
	})
	return found[:min(most, len(found))], nil
}

// alike is how many characters two names begin with in common, in any case.
func alike(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	return n
}

package defender_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"defenderbot/defender"
)

func namesOf(found []defender.Device) (names []string) {
	for _, d := range found {
		names = append(names, d.Name)
	}
	return names
}

// TestExactly: a whole name wins over first labels, in any case; without one all stay.
func TestExactly(t *testing.T) {
	found := []defender.Device{{Name: "web1.a.example"}, {Name: "WEB1"}, {Name: "web1.b.example"}}
	if got := namesOf(defender.Exactly(found, " web1 ")); !slices.Equal(got, []string{"WEB1"}) {
		t.Errorf("a whole name: %q", got)
	}
	if got := namesOf(defender.Exactly(found[:1], "web1")); !slices.Equal(got, []string{"web1.a.example"}) {
		t.Errorf("a first label: %q", got)
	}
	if got := namesOf(found); got[1] != "WEB1" || got[0] != "web1.a.example" {
		t.Errorf("it changed what it was given: %q", got)
	}
}

// TestDevicesLike asks once, for what begins like most of the name, and sorts by how much
// is alike.
func TestDevicesLike(t *testing.T) {
	const seen = "2026-01-01T00:00:00Z"
	r := setup(t, directory(t, map[string]string{"startswith(computerDnsName,'srv-db')": strings.Join([]string{
		row("a", "srv-db-9", seen), row("b", "SRV-DB-01.contoso.example", seen), row("c", "srv-db-01x", "2026-01-02T00:00:00Z"), row("", "srv-db-01", seen), row("d", "srv-dc-01", seen),
	}, ",")}))
	got, err := r.DevicesLike(t.Context(), "srv-db-0.contoso.example", 2)
	if want := []string{"srv-db-01x", "SRV-DB-01.contoso.example"}; err != nil || !slices.Equal(namesOf(got), want) {
		t.Errorf("%q, %v, want %q", namesOf(got), err, want)
	}
	if n := len(r.all()); n != 1 {
		t.Errorf("%d reads", n)
	}
	none := setup(t, directory(t, map[string]string{"startswith(computerDnsName,'o''b')": ""}))
	if got, err := none.DevicesLike(t.Context(), "o'br", 5); err != nil || len(got) != 0 {
		t.Errorf("none: %q, %v", namesOf(got), err)
	}
	for _, name := range []string{"", " ", ".contoso.example"} {
		_, err := none.DevicesLike(t.Context(), name, 5)
		failed(t, err, defender.NotSent)
	}
}

// TestDevicesNamedTooMany: a list that Defender does not give whole is told from one that
// it gave badly.
func TestDevicesNamedTooMany(t *testing.T) {
	device := row("a", "web1", "2026-01-01T00:00:00Z")
	r := setup(t, answers(http.StatusOK, `{"value":[`+strings.Repeat(device+",", 999)+device+`]}`))
	if _, err := r.DevicesNamed(t.Context(), "web1"); !errors.Is(err, defender.ErrTooMany) {
		t.Errorf("a full list: %v", err)
	}
	r = setup(t, answers(http.StatusOK, `{"@odata.nextLink":"https://x/y","value":[`+device+`]}`))
	if _, err := r.DevicesNamed(t.Context(), "web1"); err == nil || errors.Is(err, defender.ErrTooMany) {
		t.Errorf("one with more behind it: %v", err)
	}
}

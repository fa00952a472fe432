package office

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"defenderbot/approvals"
)

// crowd is a Directory of everybody that a list can name, and counts who is
// asked about.
type crowd struct {
	mu     sync.Mutex
	people map[string]approvals.Facts
	groups map[string][]string
	about  map[string]approvals.Group
	broken map[string]error // by id of a person or a group
	asked  map[string]int
	times  []time.Time // of every question about a person
}

func newCrowd() *crowd {
	c := &crowd{people: map[string]approvals.Facts{}, groups: map[string][]string{}, broken: map[string]error{}, asked: map[string]int{}, about: map[string]approvals.Group{}}
	for i := range 9 {
		id := fmt.Sprint("U", i+1)
		c.people[id] = approvals.Facts{Person: approvals.Person{ID: id}}
	}
	is := func(id string, change func(*approvals.Facts)) {
		f := approvals.Facts{Person: approvals.Person{ID: id}}
		change(&f)
		c.people[id] = f
	}
	is("UGUEST", func(f *approvals.Facts) { f.Guest, f.Name = true, "gus" })
	is("UBOT", func(f *approvals.Facts) { f.Bot = true })
	is("UGONE", func(f *approvals.Facts) { f.Deleted = true })
	is("UOUT", func(f *approvals.Facts) { f.External = true })
	is("USIS", func(f *approvals.Facts) { f.Elsewhere = true })
	is("UKIM", func(f *approvals.Facts) { f.Enterprise = "WKIM" })
	is("WKIM", func(*approvals.Facts) {})
	is("ULEE", func(f *approvals.Facts) { f.Enterprise = "WKIM" }) // Kim in another workspace
	return c
}

func (c *crowd) Facts(ctx context.Context, user string) (approvals.Facts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[user]++
	c.times = append(c.times, time.Now())
	f, ok := c.people[user]
	switch {
	case c.broken[user] != nil:
		return approvals.Facts{}, fmt.Errorf("users.info of %s: %w", user, c.broken[user])
	case !ok:
		return approvals.Facts{}, fmt.Errorf("users.info of %s: %w", user, approvals.ErrNoSuchPerson)
	}
	return f, ctx.Err()
}

func (c *crowd) Channel(_ context.Context, id string) (approvals.Channel, error) {
	return approvals.Channel{ID: id, Member: true}, nil
}

func (c *crowd) Group(_ context.Context, id string) (approvals.Group, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[id]++
	g, said := c.about[id] // what else is known of it
	g.Locked = g.Locked || !said
	g.ID, g.Members = id, c.groups[id]
	return g, c.broken[id]
}

// join adds people to a group, and to the workspace.
func (c *crowd) join(group string, n int, change func(*approvals.Facts)) {
	for i := range n {
		id := fmt.Sprintf("UMANY%03d", i)
		f := approvals.Facts{Person: approvals.Person{ID: id}}
		change(&f)
		c.people[id] = f
		c.groups[group] = append(c.groups[group], id)
	}
}

// since is how many questions about people were asked since then.
func (c *crowd) since(then time.Time) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.times {
		if !t.Before(then) {
			n++
		}
	}
	return n
}

func (c *crowd) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// book is a log that is read line by line.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

// read gives what was written since the last time.
func (b *book) read() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.text.String()
	b.text.Reset()
	return text
}

func newRoster(c *crowd, p approvals.Policy) (*Roster, *book) {
	b := &book{}
	return NewRoster(c, p, slog.New(slog.NewTextHandler(b, nil))), b
}

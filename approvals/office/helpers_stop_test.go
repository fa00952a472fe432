package office

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// machine is a Defender with machine actions that run until somebody stops them.
type machine struct {
	mu     sync.Mutex
	status map[string]string // by id
	cancel func(w http.ResponseWriter, id string) bool
	posts  []string // the bodies of cancellations
	reads  int
}

// jobNo is the id of the n-th machine action.
func jobNo(n int) string { return fmt.Sprintf("%08d-ef01-42df-852d-84b34ef83425", n) }

// ServeHTTP answers a cancellation, unless cancel has, a start, and lists.
func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Method != http.MethodPost {
		m.reads++
		var rows []string
		for id := range m.status {
			rows = append(rows, m.row(id))
		}
		io.WriteString(w, `{"value":[`+strings.Join(rows, ",")+`]}`)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/machines/") { // another call starts
		id := jobNo(len(m.status))
		m.status[id] = "Pending"
		io.WriteString(w, m.row(id))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	m.posts = append(m.posts, string(body))
	id := strings.Split(r.URL.Path, "/")[3]
	if m.cancel != nil && m.cancel(w, id) {
		return
	}
	m.status[id] = "Cancelled"
	io.WriteString(w, m.row(id))
}

func (m *machine) row(id string) string {
	return fmt.Sprintf(`{"id":%q,"type":"CollectInvestigationPackage","status":%q}`, id, m.status[id])
}

// refuses answers cancellations with an error.
func refuses(status int, code, message string) func(http.ResponseWriter, string) bool {
	return func(w http.ResponseWriter, _ string) bool {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, code, message)
		return true
	}
}

// collecting is an office with a machine whose actions run, and the request that they are of.
func collecting(t *testing.T, devices, running int) (*office, *machine, approvals.Request) {
	t.Helper()
	m := &machine{status: map[string]string{}}
	o := newOffice(t, m.ServeHTTP, chatter{}, nil)
	r := o.working("collect", devices, 0)
	for i := range running {
		var err error
		if r, err = o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, i)); err != nil {
			t.Fatal(err)
		}
		m.status[jobNo(i)] = "InProgress"
		r = apply(t, o.store, r, approvals.On{Call: i, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: jobNo(i), Status: "InProgress"}}})
	}
	return o, m, r
}

// asksToStop is the request after Grace has pressed Stop.
func (o *office) asksToStop(r approvals.Request) approvals.Request {
	o.t.Helper()
	got, err := newTestDesk(o.store, o.people.dir).Stop(o.t.Context(), pressed("U2", r.Place), r.ID, r.Digest())
	if err != nil {
		o.t.Fatal(err)
	}
	return got
}

// defenderWithoutToken is a client whose login service refuses its credential.
func defenderWithoutToken(t *testing.T, clock func() time.Time) *defender.Client {
	t.Helper()
	return defenderAt(t, clock, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"invalid_client"}`)
	})
}

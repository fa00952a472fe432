package chaos_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// post is one POST of an action as it left a process.
type post struct {
	Request string // the id in its comment
	Device  string
	Action  string // the last segment of its path
	At      time.Time
	Arrived bool
	Status  int // of Defender's answer, whether or not it came back; 0: none
}

// proof says that the POST's answer proves that nothing was started.
func (p post) proof() bool {
	return p.Status == http.StatusUnauthorized || p.Status == http.StatusTooManyRequests
}

// posts are all POSTs of a round, in the order in which they left.
type posts struct {
	mu  sync.Mutex
	all []post
}

func (p *posts) add(one post) (number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, one)
	return len(p.all) - 1
}

func (p *posts) change(number int, how func(*post)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how(&p.all[number])
}

func (p *posts) list() []post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}

// defenderWay is a slot's way to Defender and to the login service.
type defenderWay struct {
	*webWay

	posts *posts
}

func newDefenderWay(t testing.TB, to string, g *gate, s *slot, p *posts) defenderWay {
	t.Helper()
	w := defenderWay{newWebWay(t, to, g, s), p}
	w.server.Handler = http.HandlerFunc(w.call)
	return w
}

// url is what a process is told of where Defender is.
func (w defenderWay) url() string { return "http://" + w.host }

func (w defenderWay) call(out http.ResponseWriter, r *http.Request) {
	body := read(r)
	one, ok := postOf(r, body)
	if !ok {
		_, answer := w.forward(r, body)
		a := <-answer
		a.write(out)
		return
	}
	number := w.posts.add(one)
	text := string(body)
	w.pass(postAsks, text)
	w.posts.change(number, func(p *post) { p.Arrived = true })
	sent, answer := w.forward(r, body)
	<-sent
	goesOn := w.gate.pass(passage{postSent, text, w.slot})
	a := <-answer
	w.posts.change(number, func(p *post) { p.Status = a.status })
	if !goesOn {
		panic(http.ErrAbortHandler)
	}
	w.pass(postSays, text)
	a.write(out)
}

// postOf reads a POST that starts an action.
func postOf(r *http.Request, body []byte) (post, bool) {
	m := actionPath.FindStringSubmatch(r.URL.Path)
	if m == nil || r.Method != http.MethodPost {
		return post{}, false
	}
	var sent struct {
		Comment string `json:"Comment"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return post{Device: m[1], Action: m[2], At: time.Now()}, true
	}
	return post{Request: idIn(sent.Comment), Device: m[1], Action: m[2], At: time.Now()}, true
}

// idIn is the request that a comment was sent for.
func idIn(comment string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(comment, "["), " ")
	return id
}

package defenderfake

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// reply is an answer before it is written, so that a fault can still take its place.
type reply struct {
	status int
	header map[string]string
	kind   string // Content-Type
	body   []byte
	made   string // id of what was created
}

// jsonReply answers with v.
func jsonReply(status int, v any) reply {
	b, err := json.Marshal(v)
	if err != nil {
		panic("defenderfake: " + err.Error()) // unreachable: only our own types come here
	}
	return reply{status: status, kind: "application/json; charset=utf-8", body: b}
}

// failure is the documented error body, https://learn.microsoft.com/defender-endpoint/api/common-errors.
type failure struct {
	Error failureBody `json:"error"`
}

type failureBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"` // correlation id
}

// refuse answers with an error of the documented shape.
func refuse(status int, code, message string) reply {
	return jsonReply(status, failure{failureBody{code, message, guid()}})
}

// tooMany answers that the next call is welcome after wait.
func tooMany(wait time.Duration) reply {
	seconds := int((wait + time.Second - 1) / time.Second)
	out := refuse(http.StatusTooManyRequests, "TooManyRequests",
		fmt.Sprintf("API calls quota exceeded. Try again in %d seconds.", seconds))
	out.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	return out
}

// badQuery answers as the OData layer does: no code, no target.
func badQuery(reason string) reply {
	return jsonReply(http.StatusBadRequest, map[string]any{"error": map[string]any{
		"code": "", "message": "The query specified in the URI is not valid. " + reason, "details": []any{},
	}})
}

func (r reply) write(w http.ResponseWriter) {
	for name, value := range r.header {
		w.Header().Set(name, value)
	}
	if r.kind != "" {
		w.Header().Set("Content-Type", r.kind)
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // a client that has gone is no concern of the tenant
}

// guid is a random version 4 identifier.
func guid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// stamp writes a time as the service does, in UTC with up to seven digits; a zero time is null.
func stamp(t time.Time) *string {
	return orNull(t, t.UTC().Format("2006-01-02T15:04:05.9999999Z"))
}

// wholeSeconds is stamp for investigations, whose times carry no fraction.
func wholeSeconds(t time.Time) *string {
	return orNull(t, t.UTC().Format("2006-01-02T15:04:05Z"))
}

func orNull(t time.Time, s string) *string {
	if t.IsZero() {
		return nil
	}
	return &s
}

// text is s, or null when it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

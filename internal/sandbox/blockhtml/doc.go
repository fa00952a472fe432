// Package blockhtml shows Block Kit as HTML, as Slack's client would show it.
//
// JSON is read into blocks, blocks into parts and spans, and one template
// writes them down, so that html/template escapes everything that somebody
// wrote. What the template writes holds no state of a page: a button carries
// its action_id and the words of its confirm dialog in data attributes, and
// whoever shows it finds the message around it.
//
// Sources: https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/messaging/formatting-message-text.
package blockhtml

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
)

// Reader is who looks at the blocks.
type Reader struct {
	Name   func(id string) string // what people call a user, group or channel, without @ or #
	Is     func(id string) bool   // the reader, or a group the reader is in
	Errors map[string]string      // by block_id: what is wrong with an input; may be nil
}

//go:embed blocks.tmpl
var source string

var templates = template.Must(template.New("blocks").Parse(source))

// Blocks shows the blocks of a message or of a modal. A block of an unknown
// type is shown as its name. The error is one of reading the JSON.
func (r Reader) Blocks(raw json.RawMessage) (template.HTML, error) {
	var blocks []block
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return "", fmt.Errorf("blocks: %w", err)
	}
	return r.write("blocks", r.all(blocks))
}

// Text shows the text of a message without blocks, which is mrkdwn.
func (r Reader) Text(mrkdwn string) (template.HTML, error) {
	return r.write("parts", r.mrkdwn(mrkdwn))
}

func (r Reader) write(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // written by html/template, which escapes what it is given
}

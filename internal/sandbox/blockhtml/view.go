package blockhtml

// shown is a block as the template takes it.
type shown struct {
	block

	Parts     []part   // its text: sections and rich text
	Columns   [][]part // the fields of a section, the elements of a context
	Buttons   []shown  // the elements of actions, the accessory of a section
	Input     *shown
	Error     string // what is wrong with an input
	ErrorID   string
	LabelText string
	Grid      *grid // of a chart
}

// part is what stands on lines of its own: a line, quote, preformatted text or
// list.
type part struct {
	Kind  string // line, quote, pre, list
	Spans []span
	// Of lists only.
	Ordered bool
	Start   int
	Indent  int
	Items   [][]span
}

// span is text of one style, or one thing.
type span struct {
	style

	Kind   string // text, mention, channel, link, date, emoji
	Text   string
	Me     bool   // a mention of the reader
	URL    string // of a link, and of a date that leads somewhere
	Unix   int64
	ISO    string
	Format string
}

func (r Reader) all(blocks []block) []shown {
	list := make([]shown, 0, len(blocks))
	for _, b := range blocks {
		list = append(list, r.one(b))
	}
	return list
}

// one makes a block or an element ready.
func (r Reader) one(b block) shown {
	v := shown{block: b}
	switch b.Type {
	case "section":
		v.Parts = r.text(b.Text)
		for _, f := range b.Fields {
			v.Columns = append(v.Columns, r.text(f))
		}
		if b.Accessory != nil {
			v.Buttons = r.all([]block{*b.Accessory})
		}
	case "context":
		for _, e := range b.Elements {
			v.Columns = append(v.Columns, r.text(text{e.Type, e.Text.Text + e.Alt}))
		}
	case "actions":
		v.Buttons = r.all(b.Elements)
	case "input":
		v.LabelText, v.Error, v.ErrorID = b.Label.String(), r.Errors[b.BlockID], "wrong-"+b.BlockID
		if b.Element != nil {
			field := r.one(*b.Element)
			v.Input = &field
		}
	case "markdown":
		v.Parts = []part{{Kind: "line", Spans: []span{{Kind: "text", Text: b.Text.Text}}}}
	case "rich_text":
		v.Parts = r.rich(b.Elements)
	case "data_visualization":
		v.Grid = b.Chart.grid()
	}
	return v
}

// text reads a text object.
func (r Reader) text(t text) []part {
	switch {
	case t.Text == "":
		return nil
	case t.Type == "mrkdwn":
		return r.mrkdwn(t.Text)
	}
	return []part{{Kind: "line", Spans: []span{{Kind: "text", Text: t.String()}}}}
}

package defenderfake

import (
	"errors"
	"fmt"
	"strconv"
)

// kind is the type of a property that can be filtered on.
type kind int

const (
	textField kind = iota
	dateField
	numberField
)

// fields are the properties that a list's page names as filterable.
type fields map[string]kind

// properties are one entity's values: string, time.Time, float64, or nil for null.
type properties map[string]any

// orNil is s, or nil when it is empty.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

const maxPage = 10000

// query is what a list was asked for.
type query struct {
	filter    func(properties) bool // nil takes all
	top, skip int
}

func (q query) matches(p properties) bool { return q.filter == nil || q.filter(p) }

// page cuts out what $skip and $top leave.
func page[T any](q query, all []T) []T {
	all = all[min(q.skip, len(all)):]
	return all[:min(q.top, len(all))]
}

// parseQuery reads the three documented options; any other is an error, as a misspelt one is in the service.
func parseQuery(x *exchange, f fields) (query, error) {
	q := query{top: maxPage}
	if x.queryErr != nil {
		return q, errors.New("the query cannot be read")
	}
	for name, values := range x.query {
		if err := q.set(name, values, f); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (q *query) set(name string, values []string, f fields) (err error) {
	if len(values) != 1 {
		return fmt.Errorf("query option %s is given more than once", name)
	}
	switch name {
	case "$filter":
		q.filter, err = parseFilter(values[0], f)
	case "$top":
		q.top, err = count(name, values[0], maxPage)
	case "$skip":
		q.skip, err = count(name, values[0], 1<<31-1)
	default:
		err = fmt.Errorf("query option %s is not supported", name)
	}
	return err
}

func count(name, value string, limit int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > limit {
		return 0, fmt.Errorf("query option %s cannot be %q", name, value)
	}
	return n, nil
}

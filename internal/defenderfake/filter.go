package defenderfake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// predicate is a parsed $filter or a part of one.
type predicate = func(properties) bool

// parser reads the part of OData's $filter that the vendor's examples use: eq ne gt ge lt le, in, and, or,
// startswith and parentheses, with and before or.
type parser struct {
	tokens []lexeme
	fields fields
}

// maxDepth bounds parentheses, and so the parser's recursion.
const maxDepth = 100

func parseFilter(s string, f fields) (predicate, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens, f}
	out, err := p.or(0)
	if err == nil && p.next() != (lexeme{}) {
		err = errors.New("the filter goes on where it should end")
	}
	return out, err
}

func (p *parser) or(depth int) (predicate, error) {
	left, err := p.and(depth)
	for err == nil && p.skip("or") {
		a := left
		var b predicate
		b, err = p.and(depth)
		left = func(v properties) bool { return a(v) || b(v) }
	}
	return left, err
}

func (p *parser) and(depth int) (predicate, error) {
	left, err := p.term(depth)
	for err == nil && p.skip("and") {
		a := left
		var b predicate
		b, err = p.term(depth)
		left = func(v properties) bool { return a(v) && b(v) }
	}
	return left, err
}

func (p *parser) term(depth int) (predicate, error) {
	switch {
	case depth == maxDepth:
		return nil, errors.New("the filter is nested too deeply")
	case p.skip("startswith"):
		return p.startsWith()
	case !p.skip("("):
		return p.comparison()
	}
	inner, err := p.or(depth + 1)
	return inner, errors.Join(err, p.expect(")"))
}

// startsWith reads startswith(property,'text'), after its name.
func (p *parser) startsWith() (predicate, error) {
	open := p.expect("(")
	name, _, noName := p.property(textField)
	comma := p.expect(",")
	prefix := p.next()
	if err := errors.Join(open, noName, comma, p.expect(")")); err != nil {
		return nil, err
	}
	if prefix.kind != quoted {
		return nil, errors.New("startswith takes a property and a text")
	}
	return func(v properties) bool {
		s, ok := v[name].(string)
		return ok && strings.HasPrefix(s, prefix.text)
	}, nil
}

// comparison reads one property, its operator and what it is compared with.
func (p *parser) comparison() (predicate, error) {
	name, kind, err := p.property(textField, dateField, numberField)
	if err != nil {
		return nil, err
	}
	if p.skip("in") {
		return p.oneOf(name, kind)
	}
	op := p.next()
	holds, ok := operators[op.text]
	if !ok || op.kind != word {
		return nil, fmt.Errorf("there is no operator after %s", name)
	}
	want, err := p.next().value(kind)
	return func(v properties) bool { return compare(v[name], want, holds) }, err
}

// oneOf reads the list after in.
func (p *parser) oneOf(name string, kind kind) (predicate, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var values []any
	for {
		v, err := p.next().value(kind)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		if !p.skip(",") {
			break
		}
	}
	is := operators["eq"]
	return func(v properties) bool {
		return slices.ContainsFunc(values, func(want any) bool { return compare(v[name], want, is) })
	}, p.expect(")")
}

// operators say which orders (-1, 0 and 1, as cmp has it) satisfy them.
var operators = map[string]func(order int) bool{
	"eq": func(o int) bool { return o == 0 }, "ne": func(o int) bool { return o != 0 },
	"gt": func(o int) bool { return o > 0 }, "ge": func(o int) bool { return o >= 0 },
	"lt": func(o int) bool { return o < 0 }, "le": func(o int) bool { return o <= 0 },
}

// compare applies an operator to two values of one kind. Null equals only null and has no order.
func compare(a, b any, holds func(int) bool) bool {
	if a == nil || b == nil {
		equal := holds(0) && !holds(1) && !holds(-1)  // eq
		unequal := holds(1) && holds(-1) && !holds(0) // ne
		return a == b && equal || a != b && unequal
	}
	switch a := a.(type) {
	case string:
		return holds(strings.Compare(a, b.(string)))
	case time.Time:
		return holds(a.Compare(b.(time.Time)))
	}
	return holds(cmp.Compare(a.(float64), b.(float64)))
}

// property reads the name of a field that is of one of the kinds.
func (p *parser) property(kinds ...kind) (string, kind, error) {
	name := p.next()
	k, ok := p.fields[name.text]
	if name.kind != word || !ok || !slices.Contains(kinds, k) {
		return "", 0, fmt.Errorf("could not find a property named %q that can be used here", name.text)
	}
	return name.text, k, nil
}

// next takes one token; at the end it is the zero lexeme.
func (p *parser) next() lexeme {
	if len(p.tokens) == 0 {
		return lexeme{}
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

// skip takes the next token if it is this word or sign.
func (p *parser) skip(text string) bool {
	if len(p.tokens) == 0 || p.tokens[0].kind == quoted || p.tokens[0].text != text {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) error {
	if !p.skip(text) {
		return fmt.Errorf("%q is missing", text)
	}
	return nil
}

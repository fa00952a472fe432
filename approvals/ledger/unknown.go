package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// unknownFields are the fields of a stored record that this version has no
// place for, by their path ("calls/0/colour"). Fields that it knows and found
// empty may be among them: kept or left out, they say the same.
func unknownFields(body []byte, known stored) (map[string]any, error) {
	text, err := json.Marshal(known)
	if err != nil {
		return nil, fmt.Errorf("encode what is known: %w", err)
	}
	have, err := tree(body)
	if err != nil {
		return nil, err
	}
	has, err := tree(text)
	if err != nil {
		return nil, err
	}
	unknown := map[string]any{}
	collect(unknown, "", have, has)
	return unknown, nil
}

// tree is JSON as maps and lists. Numbers keep their digits.
func tree(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return v, nil
}

// collect puts what have has and known has not into a map, by path. Elements of
// lists belong together by their place: no list of a record is ever reordered.
func collect(into map[string]any, path string, have, known any) {
	switch have := have.(type) {
	case map[string]any:
		known, _ := known.(map[string]any)
		for name, v := range have {
			k, ok := known[name]
			if below, is := v.(map[string]any); ok || is && len(below) > 0 {
				collect(into, path+escaped.Replace(name)+"/", v, k)
			} else {
				into[path+escaped.Replace(name)] = v
			}
		}
	case []any:
		known, _ := known.([]any)
		for i := range min(len(have), len(known)) {
			collect(into, path+strconv.Itoa(i)+"/", have[i], known[i])
		}
	}
}

// The two characters that a name in a path cannot have as they are.
var (
	escaped   = strings.NewReplacer("~", "~0", "/", "~1")
	unescaped = strings.NewReplacer("~1", "/", "~0", "~")
)

// withUnknown puts fields of a later version back where they were, unless the
// element of a list that they belonged to is gone.
func withUnknown(text []byte, unknown map[string]any) ([]byte, error) {
	record, err := tree(text)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(unknown)) {
		restore(record, strings.Split(path, "/"), unknown[path])
	}
	return json.Marshal(record)
}

func restore(at any, path []string, v any) {
	name := unescaped.Replace(path[0])
	switch at := at.(type) {
	case map[string]any:
		below, ok := at[name]
		switch {
		case len(path) > 1 && !ok:
			at[name] = map[string]any{}
			restore(at[name], path[1:], v)
		case len(path) > 1:
			restore(below, path[1:], v)
		case !ok:
			at[name] = v
		}
	case []any:
		if i, err := strconv.Atoi(name); err == nil && i < len(at) && len(path) > 1 {
			restore(at[i], path[1:], v)
		}
	}
}

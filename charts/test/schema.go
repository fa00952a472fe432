package charttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"defenderbot/internal/app"
)

// object is a part of a JSON schema. Keys are written in their order: the file is stable.
type object = map[string]any

// Schema makes values.schema.json (draft 7, which Helm checks values against) from
// values.yaml. A value's type is that of its default; "# -- " above it is its
// description, as helm-docs reads it; "# @schema {…}" is JSON that is laid over what
// was found. An object takes the keys that are there and no others, unless it is empty or
// @schema says additionalProperties. It fails where a value has no description.
func Schema(values []byte) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(values, &doc); err != nil {
		return nil, fmt.Errorf("read the values: %w", err)
	}
	root, err := mapping("", doc.Content[0])
	if err != nil {
		return nil, err
	}
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Values of the defenderbot chart"
	root["properties"].(object)["global"] = object{"type": "object", "description": "What a chart around this one says to all its charts; not read"}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return out.Bytes(), nil
}

// mapping is the schema of an object whose keys are all known. A scalar or a list that has a
// default can be changed and not taken away, because the templates count on it: a rule of a
// network policy without its ports would let everything through.
func mapping(path string, node *yaml.Node) (object, error) {
	properties, required := object{}, []string{}
	var errs []error
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		p, err := property(path+key.Value, key.HeadComment, value)
		errs = append(errs, err)
		properties[key.Value] = p
		if value.Value != "" || value.Kind == yaml.SequenceNode && len(value.Content) > 0 {
			required = append(required, key.Value)
		}
	}
	m := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		m["required"] = required
	}
	return m, errors.Join(errs...)
}

// property is the schema of one value.
func property(path, comment string, value *yaml.Node) (object, error) {
	description, more, err := said(comment)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if description == "" && value.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s has no description", path)
	}
	p := object{"type": kind(value)}
	switch _, open := more["additionalProperties"]; {
	case more["variables"] == true:
		p, err = variables(path, value)
	case value.Kind == yaml.MappingNode && len(value.Content) > 0 && !open:
		p, err = mapping(path+".", value)
	}
	if err != nil {
		return nil, err
	}
	delete(more, "variables")
	maps.Copy(p, more)
	if description != "" {
		p["description"] = description
	}
	return p, nil
}

// kind is the type of a value whose default is this.
func kind(value *yaml.Node) string {
	switch {
	case value.Kind == yaml.MappingNode:
		return "object"
	case value.Kind == yaml.SequenceNode:
		return "array"
	case value.Tag == "!!bool":
		return "boolean"
	case value.Tag == "!!int":
		return "integer"
	}
	return "string"
}

// said is what the comment above a value says of it. Only what follows the last empty line
// is about the value.
func said(comment string) (description string, more object, err error) {
	more = object{}
	blocks := strings.Split(comment, "\n\n")
	for line := range strings.SplitSeq(blocks[len(blocks)-1], "\n") {
		if text, is := strings.CutPrefix(line, "# -- "); is {
			description = text
		} else if text, is := strings.CutPrefix(line, "# @schema "); is {
			if err := json.Unmarshal([]byte(text), &more); err != nil {
				return "", nil, fmt.Errorf("@schema: %w", err)
			}
		} else if text, is := strings.CutPrefix(line, "# "); is && description != "" {
			description += " " + text
		}
	}
	return description, more, nil
}

// variables is the schema of env: every variable that the bot reads except those that the
// chart sets and those that are secrets, each in the form that the bot takes.
func variables(path string, value *yaml.Node) (object, error) {
	if _, err := mapping(path+".", value); err != nil { // the ones in values.yaml have descriptions for the README
		return nil, err
	}
	secret := []string{"SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "REDIS_URL", "AZURE_CLIENT_SECRET"}
	properties := object{}
	for f := range reflect.TypeFor[app.Env]().Fields() {
		name := f.Tag.Get("envconfig")
		if name == "HTTP_ADDR" || name == "SLACK_CONNECTIONS" || slices.Contains(secret, name) {
			continue
		}
		p := object{"type": "string"}
		maps.Copy(p, form(name))
		p["description"] = f.Tag.Get("doc")
		properties[name] = p
	}
	return object{"type": "object", "additionalProperties": false, "properties": properties}, nil
}

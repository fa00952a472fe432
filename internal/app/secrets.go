package app

import (
	"errors"
	"os"
	"strings"
)

// secret takes a required secret from the variable or from the file that
// NAME_FILE names. Neither keeps the line end that a careless echo leaves.
func (r *reader) secret(name, value, file string) string {
	value = strings.TrimSpace(value)
	switch {
	case value != "" && file != "":
		r.wrong(name, "is set, and so is %s_FILE; set one of them", name)
		return value
	case value != "":
		return r.unquoted(name, value)
	case file == "":
		r.wrong(name, "is required (or %s_FILE)", name)
		return ""
	}
	return r.unquoted(name+"_FILE", r.file(name+"_FILE", file))
}

// file reads a secret from a file, without the byte order mark that some editors begin
// it with.
func (r *reader) file(name, path string) string {
	text, err := os.ReadFile(path)
	value := strings.TrimSpace(strings.TrimPrefix(string(text), "\xef\xbb\xbf"))
	switch {
	case err != nil:
		r.wrong(name, "cannot be read: %v", errors.Unwrap(err))
	case strings.ContainsRune(value, 0), strings.HasPrefix(value, "\xff\xfe"), strings.HasPrefix(value, "\xfe\xff"):
		r.wrong(name, "names a file in UTF-16; save it as UTF-8")
	case value == "":
		r.wrong(name, "names an empty file")
	}
	return value
}

// unquoted is a secret as it is, with a warning if it stands in quotes: a shell takes
// them away, and a file or a manifest does not.
func (r *reader) unquoted(name, value string) string {
	if n := len(value); n > 1 && value[0] == value[n-1] && strings.ContainsRune(`"'`, rune(value[0])) {
		r.warn(name, "is in quotes, and they are taken as part of it")
	}
	return value
}

func (r *reader) token(name, prefix, value string) string {
	if value != "" && (!strings.HasPrefix(value, prefix) || !tokenForm.MatchString(value)) {
		r.wrong(name, "must begin with %s, and have nothing but letters, digits and hyphens", prefix)
	}
	return value
}

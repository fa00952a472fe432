package app

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/audit"
)

// ConfigError is everything that is wrong with a configuration. It names
// variables and never a value: a value may be a secret in the wrong place.
type ConfigError struct {
	Problems []string
	Strays   []Stray // variables that may be the ones that are missing
}

// Error is all of it, a line each.
func (c *ConfigError) Error() string {
	lines := slices.Clone(c.Problems)
	for _, s := range c.Strays {
		lines = append(lines, s.Name+": is not read; did you mean "+s.Meant+"?")
	}
	return "the configuration is not usable:\n  " + strings.Join(lines, "\n  ")
}

// reader reads texts and collects what is wrong with them.
type reader struct {
	now      time.Time
	problems []string
	warnings []string
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.Sort(r.problems)
	return &ConfigError{Problems: slices.Compact(r.problems)}
}

func (r *reader) wrong(name, format string, a ...any) {
	r.problems = append(r.problems, name+": "+fmt.Sprintf(format, a...))
}

// warn notes what is allowed and looks wrong.
func (r *reader) warn(name, format string, a ...any) {
	r.warnings = append(r.warnings, name+": "+fmt.Sprintf(format, a...))
}

func (r *reader) required(name, value string) string {
	if value == "" {
		r.wrong(name, "is required")
	}
	return value
}

var (
	tokenForm = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	// Entra's ids are GUIDs; a tenant can be named by its domain as well.
	entraForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)
	guid      = regexp.MustCompile(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

func (r *reader) entra(name, value, what string) string {
	if r.required(name, value) != "" && !entraForm.MatchString(value) {
		r.wrong(name, "must be %s", what)
	}
	return value
}

// clientID is an application's id. Whatever else it may be Entra judges.
func (r *reader) clientID(name, value string) string {
	value = r.entra(name, value, "a GUID, the application (client) id")
	if entraForm.MatchString(value) && !guid.MatchString(value) {
		r.warn(name, "is not a GUID; it should be the application (client) id from the overview of the app registration in Entra")
	}
	return value
}

func (r *reader) number(name, value string, least, most int) int {
	n, ok := wholeNumber(value, least, most)
	if !ok {
		r.wrong(name, "must be a whole number from %d to %d", least, most)
	}
	return n
}

// wholeNumber reads one, and reports whether it is in bounds.
func wholeNumber(value string, least, most int) (int, bool) {
	n, err := strconv.Atoi(value)
	return n, err == nil && n >= least && n <= most
}

func (r *reader) yes(name, value string) bool { return r.word(name, value, "true", "false") == "true" }

func (r *reader) word(name, value string, allowed ...string) string {
	if !slices.Contains(allowed, value) {
		r.wrong(name, "must be one of: %s", strings.Join(allowed, ", "))
	}
	return value
}

// longest is how long anything that is configured can last: ten years.
const longest = 87600 * time.Hour

func (r *reader) duration(name, value string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > longest {
		r.wrong(name, "must be a time like 30m or 2160h, at least %s and at most %s", least, longest)
	}
	return d
}

func (r *reader) level(value string) slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(r.word("LOG_LEVEL", strings.ToLower(value), "debug", "info", "warn", "error"))) != nil {
		return slog.LevelInfo // said by word
	}
	return l
}

func (r *reader) address(name, value string) string {
	if value == "" {
		return ""
	}
	_, port, err := net.SplitHostPort(value)
	if _, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil {
		r.wrong(name, "must be host:port or :port")
	}
	return value
}

// url takes https anywhere and http to this machine.
func (r *reader) url(name, value string, insecure bool) string {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http",
		u.User != nil || u.RawQuery != "" || u.Fragment != "":
		r.wrong(name, "must be an https address without a user name and without ? and #")
	case u.Scheme == "http" && !insecure && !loopback(u.Hostname()):
		r.wrong(name, "is plain http to another host; use https, or set ALLOW_INSECURE_HTTP=true")
	}
	return value
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func withSlash(address string) string { return strings.TrimRight(address, "/") + "/" }

// template takes an address that Slack can make a link of.
func (r *reader) template(name, value string) string {
	if value == "" {
		return ""
	}
	u, err := url.Parse(strings.ReplaceAll(value, "{id}", "1"))
	switch {
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || !strings.Contains(value, "{id}"),
		strings.ContainsAny(value, " <>|"):
		r.wrong(name, "must be an https address with {id} in it")
	case len(value) > mostLink:
		r.wrong(name, "must have at most %d characters", mostLink)
	}
	return value
}

// mostLink is how long an address may be, so that twenty of them fit on a card.
const mostLink = 300

func (r *reader) cloud(e Env, insecure bool) defender.Cloud {
	cloud, ok := defender.CloudNamed(e.Cloud)
	if !ok {
		r.wrong("DEFENDER_CLOUD", "must be global, us, eu, uk, au, swa, ina, aea, gcc, gcc-high or dod")
	}
	if e.DefenderAPIURL != "" {
		cloud.BaseURL = strings.TrimRight(r.url("DEFENDER_API_URL", e.DefenderAPIURL, insecure), "/")
	}
	if strings.HasSuffix(cloud.BaseURL, "/api") {
		r.wrong("DEFENDER_API_URL", "must end before /api, which is part of every call")
	}
	if e.AuthorityHost != "" {
		cloud.Authority = strings.TrimRight(r.url("AZURE_AUTHORITY_HOST", e.AuthorityHost, insecure), "/")
	}
	if e.DefenderScope != "" {
		cloud.Scope = e.DefenderScope
	}
	return cloud
}

// auditKey reads the keys of the audit trail's seals.
func (r *reader) auditKey(path string) audit.Key {
	if path == "" {
		return audit.Key{}
	}
	key, err := audit.ReadKey(path)
	if err != nil {
		r.wrong("AUDIT_SIGNING_KEY_FILE", "%v", err)
	}
	return key
}

// signingKey reads one that can sign: public keys are enough to verify seals, and not to make any.
func (r *reader) signingKey(path string) audit.Key {
	key := r.auditKey(path)
	if key.Known() && !key.Signs() {
		r.wrong("AUDIT_SIGNING_KEY_FILE", "has only public keys; the bot needs the private key to sign")
	}
	return key
}

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/app"
	"defenderbot/internal/audit"
)

// logger writes one line for each event, whatever texts it is given.
func logger(to io.Writer, c app.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.LevelKey && a.Value.Any() == audit.LogLevel {
			a.Value = slog.StringValue("AUDIT")
		}
		return a
	}}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(printable{to}, options))
	}
	return slog.New(slog.NewTextHandler(printable{to}, options))
}

// printable escapes what cannot be printed and slog has left as it is, which in JSON is much:
// next line (U+0085), at which some readers begin another line, characters that steer a
// terminal, and those that turn the direction of writing.
type printable struct{ to io.Writer }

// Write implements [io.Writer]. It gets whole lines, in which such characters are within
// texts.
func (p printable) Write(line []byte) (int, error) {
	var out strings.Builder
	out.Grow(len(line))
	for _, r := range string(line) {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	if err := write(p.to, out.String()); err != nil {
		return 0, err
	}
	return len(line), nil
}

// takeIn has the libraries write into the log as well: go-redis, and whoever prints by Go's
// package log.
func takeIn(log *slog.Logger) {
	redis.SetLogger(redisLog{log})
	slog.SetDefault(log)
}

// redisLog takes what go-redis says about its connections into the log.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis client", "says", fmt.Sprintf(format, v...))
}

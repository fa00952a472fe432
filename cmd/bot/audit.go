package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/audit"
)

// auditing runs what follows `bot audit`.
func auditing(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("bot audit", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what is wrong is said once, by main
	format, file := "jsonl", ""
	verb, rest := "", args
	if len(args) > 0 {
		verb, rest = args[0], args[1:]
	}
	switch verb {
	case "export":
		flags.StringVar(&format, "format", "jsonl", "")
	case "verify":
		flags.StringVar(&file, "against", "", "")
	default:
		return usageError("unknown arguments; `bot -help` shows what there is")
	}
	if err := flags.Parse(rest); err != nil || flags.NArg() > 0 || format != "jsonl" && format != "cef" {
		return usageError("bot audit " + verb + ": unknown arguments; `bot -help` shows what there is")
	}
	if verb == "export" {
		return withTrail(ctx, func(t *app.Trail) error { return t.Export(ctx, stdout, format == "cef") })
	}
	against, err := sealsOf(file)
	if err != nil {
		return err
	}
	return withTrail(ctx, func(t *app.Trail) error { return verify(ctx, t, against, stdout) })
}

// withTrail opens the trail that the environment names.
func withTrail(ctx context.Context, use func(*app.Trail) error) (err error) {
	takeIn(slog.New(slog.DiscardHandler)) // an error says what the libraries would print
	env, err := environment()
	if err != nil {
		return err
	}
	config, err := env.AuditConfig(time.Now())
	if err != nil {
		return err
	}
	trail, err := app.OpenTrail(ctx, config, app.Options{Catalogue: defender.Actions(), Clock: time.Now, Version: version()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trail.Close()) }()
	return use(trail)
}

// sealsOf are the seals in a log.
func sealsOf(file string) (seals []audit.Seal, err error) {
	if file == "" {
		return nil, nil
	}
	log, err := os.Open(file)
	if err != nil {
		return nil, usageError("bot audit verify -against: " + err.Error())
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if seals, err = audit.ReadSeals(log); err != nil {
		return nil, usageError(fmt.Sprintf("bot audit verify -against %s: %v", file, err))
	}
	return seals, nil
}

// errTampered is a verification that found something.
var errTampered = errors.New("the audit trail is not what was sealed")

func verify(ctx context.Context, t *app.Trail, against []audit.Seal, stdout io.Writer) error {
	own := against[:0:0]
	for _, s := range against {
		if s.Origin == t.Origin() {
			own = append(own, s)
		}
	}
	if len(against) > 0 && len(own) == 0 {
		return usageError("bot audit verify -against: the file has seals, and none of " + t.Origin())
	}
	report, err := t.Verify(ctx, own)
	if err != nil {
		return err
	}
	if err := write(stdout, t.Summary(report, len(own))); err != nil {
		return err
	}
	if len(report.Findings) > 0 {
		return errTampered
	}
	return nil
}

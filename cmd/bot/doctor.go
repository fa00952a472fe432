package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

// errUnwell is an examination that found something wrong.
var errUnwell = errors.New("something is wrong; each line says what to do")

// examine runs what follows `bot doctor`: it prints a line for each thing that it looked
// at, as it goes, or everything as JSON.
func examine(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("bot doctor", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what is wrong is said once, by main
	asJSON, probe := flags.Bool("json", false, ""), flags.Bool("probe", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return usageError("bot doctor: unknown arguments; `bot -help` shows what there is")
	}
	config, strays, err := configuration()
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	takeIn(log) // what the libraries would print stands in the findings
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &report{Version: version(), Counts: map[app.Grade]int{}}
	add := func(f app.Finding) {
		r.add(f)
		if *asJSON || ctx.Err() != nil {
			return
		}
		if err := write(stdout, f.String()+"\n"); err != nil {
			stop(err) // nobody hears what is about to be done
		}
	}
	for _, s := range strays {
		add(app.Finding{
			About: "configuration", Grade: app.Doubt, Says: s.Name + " is set, but the bot does not read it",
			Mend: "set " + s.Meant + " if that is what you meant; otherwise it does no harm",
		})
	}
	doctor := app.New(config, app.Options{Catalogue: defender.Actions(), Clock: time.Now, Log: log, Version: r.Version})
	look := doctor.Examine
	if *probe {
		look = doctor.Probe
	}
	if err := look(ctx, add); err != nil {
		return err
	}
	return r.end(*asJSON, stdout)
}

// report is what `bot doctor -json` prints.
type report struct {
	Version  string            `json:"version"`
	Well     bool              `json:"well"` // nothing is wrong
	Counts   map[app.Grade]int `json:"counts"`
	Findings []app.Finding     `json:"findings"`
}

func (r *report) add(f app.Finding) {
	r.Counts[f.Grade]++
	r.Findings = append(r.Findings, f)
	r.Well = r.Counts[app.Wrong] == 0
}

// end prints the sum, or everything as JSON.
func (r *report) end(asJSON bool, stdout io.Writer) error {
	text := fmt.Sprintf("wrong: %d, warnings: %d, unknown: %d, ok: %d\n", r.Counts[app.Wrong], r.Counts[app.Doubt], r.Counts[app.Unknown], r.Counts[app.Well])
	if asJSON {
		out, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		text = string(out) + "\n"
	}
	if err := write(stdout, text); err != nil {
		return err
	}
	if !r.Well {
		return errUnwell
	}
	return nil
}

// configuration is what the environment says, and variables in it that look like slips.
func configuration() (app.Config, []app.Stray, error) {
	env, err := environment()
	if err != nil {
		return app.Config{}, nil, err
	}
	strays := app.Strays(namesOf(os.Environ()))
	config, err := env.Config(defender.Actions(), time.Now())
	if wrong, is := errors.AsType[*app.ConfigError](err); is {
		wrong.Strays = strays
	}
	return config, strays, err
}

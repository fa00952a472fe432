// Command bot is a Slack bot that puts actions of Microsoft Defender for
// Endpoint to a second person before it carries them out.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/kelseyhightower/envconfig"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

const help = `bot answers /defender in Slack. It is configured by environment variables.

  bot                                     run until SIGTERM
  bot doctor [-json] [-probe]             connect to everything once and say what is wrong, and what to do;
                                          with -probe, ask Defender for each action on a device that does not exist
  bot audit export [-format jsonl|cef]    write the audit trail to stdout
  bot audit verify [-against FILE]        check it against its seals, and these against a log of the bot
  bot version                             print the version
  bot -help                               print this

Exit codes: 0 stopped as asked, or all is well; 1 failed, something is wrong, or the trail was changed; 2 called or configured wrongly.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bot:", err)
		os.Exit(exitCode(err))
	}
}

// usageError is a call that makes no sense.
type usageError string

func (u usageError) Error() string { return string(u) }

func exitCode(err error) int {
	var config *app.ConfigError
	var usage usageError
	if errors.As(err, &config) || errors.As(err, &usage) {
		return 2
	}
	return 1
}

// run does what the arguments say. The environment is read here and nowhere
// else.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	switch {
	case len(args) == 0:
		return serve(ctx, stderr)
	case args[0] == "doctor":
		return examine(ctx, args[1:], stdout)
	case args[0] == "audit":
		return auditing(ctx, args[1:], stdout)
	case len(args) == 1 && args[0] == "version":
		return write(stdout, version()+"\n")
	case len(args) == 1 && (args[0] == "help" || args[0] == "-help" || args[0] == "--help" || args[0] == "-h"):
		return write(stdout, help+app.Table())
	}
	return usageError("unknown arguments; `bot -help` shows what there is")
}

func serve(ctx context.Context, stderr io.Writer) error {
	config, strays, err := configuration()
	if err != nil {
		return err
	}
	log := logger(stderr, config)
	for _, s := range strays {
		log.WarnContext(ctx, "unknown variable set", "variable", s.Name, "did_you_mean", s.Meant)
	}
	takeIn(log)
	return app.New(config, app.Options{Catalogue: defender.Actions(), Clock: time.Now, Log: log, Version: version()}).Run(ctx)
}

// environment is what the variables say, unchecked.
func environment() (env app.Env, err error) {
	if err := envconfig.Process("", &env); err != nil {
		return env, fmt.Errorf("read the environment: %w", err)
	}
	return env, nil
}

// namesOf are the names of variables, without what they are set to.
func namesOf(environment []string) []string {
	names := make([]string, len(environment))
	for i, v := range environment {
		names[i], _, _ = strings.Cut(v, "=")
	}
	return names
}

// version is what the build was made of.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

func write(to io.Writer, text string) error {
	if _, err := io.WriteString(to, text); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

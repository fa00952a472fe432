// Command sandbox is the whole bot on a laptop: a local Slack, a local
// Defender, a local Redis, and a page in the browser to use them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// childWord is the argument with which this program runs the bot and nothing
// else, told what to do over its input.
const childWord = "bot"

// defaultAddr is where the page is unless another program is there already.
const defaultAddr = "127.0.0.1:8765"

func run(ctx context.Context, args []string, out io.Writer) error {
	redis.SetLogger(silent{})
	if len(args) == 1 && args[0] == childWord {
		return sandbox.RunChild(ctx, os.Stdin, os.Stderr, time.Now)
	}
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	play := flags.Bool("play", false, "play the story in the terminal and exit; 0 only if every step was seen")
	only := flags.Bool("serve-only", false, "everything but the bot, for one of your own; prints how to configure it")
	file := flags.String("env", "", "with -serve-only: write the bot's variables into this file as well")
	url := flags.String("redis", "", "use this Redis (redis://host:port/db), a database with nothing in it; its time cannot be moved")
	addr := flags.String("addr", "", "where the page is, on this machine (default "+defaultAddr+", or a free port)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q; see -help", flags.Arg(0))
	}
	if *play && (*only || *addr != "") {
		return errors.New("-play goes with neither -serve-only nor -addr; see -help")
	}
	if *file != "" && !*only {
		return errors.New("-env goes with -serve-only; see -help")
	}
	if *url != "" {
		if err := usable(ctx, *url); err != nil {
			return err
		}
	}
	options := sandbox.Options{Now: time.Now, Redis: *url}
	if *play {
		return playStory(ctx, out, options)
	}
	return servePage(ctx, out, options, serving{addr: *addr, own: *only, env: *file})
}

// usable checks that there is a Redis with nothing in it: what another bot left
// there would be taken up.
func usable(ctx context.Context, url string) error {
	o, err := redis.ParseURL(url)
	if err != nil {
		return errors.New("-redis: not an address such as redis://127.0.0.1:6379/1")
	}
	rdb := redis.NewClient(o)
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	keys, err := rdb.DBSize(ctx).Result()
	switch {
	case err != nil:
		return fmt.Errorf("-redis: %s cannot be used: %w", o.Addr, err)
	case keys > 0:
		return fmt.Errorf("-redis: database %d of %s is not empty (%d keys); take another one", o.DB, o.Addr, keys)
	}
	return nil
}

// silent is the log of go-redis: what matters of it reaches the bot as errors.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

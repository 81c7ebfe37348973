// Command holdover-demo shows Holdover on one machine: it starts the product's binary as a child
// with a configuration file, and around it a stand-in Exchange, an identity provider, an outside
// world and thirty days of invented mail.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"holdover/demo/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "holdover-demo:", err)
		}
		os.Exit(1)
	}
}

// run shows the demo until ctx ends or the product dies.
func run(ctx context.Context, args []string, out, logs io.Writer) (err error) {
	o, err := options(args, logs)
	if err != nil {
		return err
	}
	s, err := stage.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	child, err := s.Serve()
	if err != nil {
		return err
	}
	starting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := s.Ready(starting, child); err != nil {
		child.Kill()
		return err
	}
	if err := s.Announce(); err != nil {
		return errors.Join(err, child.Stop(20*time.Second))
	}
	s.Welcome(out)
	select {
	case <-ctx.Done():
		return child.Stop(20 * time.Second)
	case <-child.Done():
		if err := child.Err(); err != nil {
			return fmt.Errorf("holdover died: %w", err)
		}
		return errors.New("holdover ended by itself, without an error")
	}
}

func options(args []string, logs io.Writer) (o stage.Options, err error) {
	o.Archive = "journal@archive.example"
	flags := flag.NewFlagSet("holdover-demo", flag.ContinueOnError)
	flags.SetOutput(logs)
	flags.StringVar(&o.Dir, "dir", ".demo", "keep everything under this directory")
	flags.IntVar(&o.Base, "ports", 8800, "first of eight consecutive loopback ports; 0 takes any free ones")
	flags.StringVar(&o.Binary, "holdover", beside("holdover"), "the product's binary")
	flags.Uint64Var(&o.Seed, "seed", 1, "draws the words of the sample mail")
	verbose := flags.Bool("verbose", false, "log what the parts around the product do")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("there is no argument %q; --help lists the flags", flags.Arg(0))
	}
	if o.Base < 0 || o.Base > 65528 {
		return o, fmt.Errorf("--ports %d: give a base between 1 and 65528, or 0 for any free ports", o.Base)
	}
	if _, err := os.Stat(o.Binary); err != nil {
		return o, fmt.Errorf("the product is not there (%w): run make build, or name it with --holdover", err)
	}
	if *verbose {
		o.Log = slog.New(slog.NewTextHandler(logs, nil))
	}
	return o, nil
}

// beside is the path of a program in our own folder.
func beside(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}

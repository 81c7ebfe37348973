// Command holdover is the whole product in one binary: it takes mail in, shows it, sends it and
// gives it back to Exchange. Each command is one file of this folder; serve.go is the architecture.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run Holdover."`
	Check   checkCommand   `cmd:"" help:"Check configuration and environment; each finding comes with its remedy."`
	Rebuild rebuildCommand `cmd:"" help:"Make database rows from the Maildir where they are missing. Nothing of it is ever sent."`
	Verify  verifyCommand  `cmd:"" help:"Re-derive every invariant of the store from its files and rows."`

	ExchangeTest exchangeTestCommand `cmd:"" help:"Ask a real Exchange what its documents leave open, in a test mailbox, and print what it does."`

	TrustClock trustClockCommand `cmd:"" help:"Say that the time is right after the clock had jumped: retention goes on."`
}

// withConfig is what every command takes.
type withConfig struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"Configuration file (TOML)."`
}

// session is what a command runs in; tests start commands with their own.
type session struct {
	ctx context.Context
	out io.Writer
	log *slog.Logger
}

// errFindings ends check and verify when they found something; the list is already printed.
var errFindings = errors.New("findings were listed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, errFindings) {
			fmt.Fprintln(os.Stderr, "holdover:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, logs io.Writer) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("holdover"), kong.UsageOnError(),
		kong.Description("E-mail continuity for organisations with Microsoft Exchange."),
		kong.Writers(out, logs))
	if err != nil {
		return err
	}
	cmd, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return cmd.Run(&session{ctx: ctx, out: out, log: slog.New(slog.NewJSONHandler(logs, nil))})
}

// Command homehook-relay runs a Homehook relay: the public server that takes
// webhooks for programs at home and hands them on over connections which
// those programs have opened.
//
// It exits with 0 when done, 1 when something failed and 2 when it was used
// wrongly. To systemd it says the latter with 78, since a Go program that crashes
// exits with 2 as well, and is to be started anew.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"homehook/relay"
)

// Exit codes.
const (
	exitDone  = 0
	exitFail  = 1
	exitUsage = 2

	exitConfig = 78 // EX_CONFIG: exitUsage to a service manager
)

// usageError is a mistake of the person who typed the command.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the relay until a signal ends it."`
	Token   tokenCmd   `cmd:"" help:"Create, list and revoke the tokens with which agents open links."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

const description = `The relay of Homehook: takes webhooks at a public address and hands them to agents at home.

Examples:
  homehook-relay serve                                   try it on http://127.0.0.1:8080
  homehook-relay token create laptop                     prints the token, once
  homehook-relay serve --listen :443 --tls cert.pem,key.pem --domain relay.example.com
  homehook-relay serve --listen :8080 --plain --url https://relay.example.com   (behind a proxy that ends TLS)`

// streams are where a command writes: results to Out, the log to Log.
type streams struct {
	Out io.Writer
	Log io.Writer
}

func main() {
	code := run(os.Args[1:], streams{os.Stdout, os.Stderr})
	if code == exitUsage && os.Getenv("NOTIFY_SOCKET") != "" {
		code = exitConfig
	}
	os.Exit(code)
}

// run does what the arguments say and returns the exit code.
func run(args []string, io streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	code, help, shown := -1, io.Out, exitDone
	// Alone the command says what it can do, and that this was no way to call it.
	if len(args) == 0 {
		args, help, shown = []string{"--help"}, io.Log, exitUsage
	}
	var c cli
	parser, err := kong.New(&c,
		kong.Name("homehook-relay"), kong.Description(description),
		kong.Writers(help, io.Log), kong.Exit(func(int) { code = shown }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"data": dataFolder()},
	)
	if err != nil {
		fmt.Fprintln(io.Log, "homehook-relay:", err)
		return exitFail
	}
	k, err := parser.Parse(args)
	if code >= 0 {
		return code // the help was printed
	}
	if err != nil {
		fmt.Fprintf(io.Log, "homehook-relay: %v; see homehook-relay --help\n", err)
		return exitUsage
	}
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(io)
	return report(k.Run(), io)
}

// report prints an error and returns the exit code that fits it.
func report(err error, io streams) int {
	var wrong usageError
	var option *relay.OptionError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &wrong), errors.As(err, &option):
		fmt.Fprintf(io.Log, "homehook-relay: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(io.Log, "homehook-relay: %v\n", err)
	return exitFail
}

type versionCmd struct{}

// Help shows an example.
func (versionCmd) Help() string {
	return "Example:\n\n    homehook-relay version"
}

// Run prints the version.
func (versionCmd) Run(io streams) error {
	fmt.Fprintln(io.Out, "homehook-relay", version())
	return nil
}

// version is what the linker or the module system knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

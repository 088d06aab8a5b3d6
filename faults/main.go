// Command faults breaks Homehook on purpose and counts what is lost. It builds
// relay and agent, runs them as processes in a temporary folder, sends them
// webhooks, and kills, cuts, fills and slows what they stand on. A sender notes
// each 2xx, fsync'd, before its next request; a script handler notes id and
// digest of what it ran; in the end a checker holds both against the relay's
// queue and the agent's history.
//
//	go run ./faults kill -cycles 300     # kill -9 of relay and agent, at random
//	go run ./faults points -n 5          # kill -9 at each named place in the code
//	go run ./faults cut                  # the link through toxiproxy
//	go run ./faults disk                 # a full disk (root, on Linux)
//	go run ./faults fsync                # fsync fails (strace)
//	go run ./faults clock                # the wall clock jumps
//	go run ./faults power                # what was never synced is gone (strace)
//	go run ./faults drain -n 10000       # home was off for a while
//	go run ./faults accept               # durable accepts per second
//	go run ./faults hold                 # what a prompt answer costs the relay
//
// The last line on standard output is a JSON object with the figures; the exit
// status is 1 when the ledger law does not hold. With -broken, kill and power
// run a relay that answers before it has committed, and succeed when the checker
// finds the loss.
//
// It knows Homehook from the outside only and imports none of its packages.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// command is one of the programs.
type command struct {
	name string
	// flags declares what only this program has. It returns what runs it.
	flags func(*flag.FlagSet) func(context.Context, *session) error
}

func commands() []command {
	return []command{
		{"kill", killFlags},
		{"points", pointsFlags},
		{"cut", cutFlags},
		{"disk", diskFlags},
		{"fsync", fsyncFlags},
		{"clock", clockFlags},
		{"power", powerFlags},
		{"drain", drainFlags},
		{"accept", acceptFlags},
		{"hold", holdFlags},
		{"check", checkFlags},
	}
}

// errSkipped says that this machine lacks what a program needs.
var errSkipped = errors.New("skipped")

func main() {
	// Scripts are started thousands of times: nothing else is set up for them.
	if len(os.Args) > 1 && os.Args[1] == "handler" {
		os.Exit(handlerMain(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		return usage()
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return runOne(ctx, c, args[1:])
		}
	}
	return usage()
}

func usage() int {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	fmt.Fprintf(os.Stderr, "usage: faults %s [flags]\n", strings.Join(names, "|"))
	return 2
}

// runOne runs a program and prints its summary.
func runOne(ctx context.Context, c command, args []string) int {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	s := &session{began: time.Now(), summary: summary{Program: c.name, Figures: map[string]any{}}}
	fs.Uint64Var(&s.Seed, "seed", uint64(time.Now().UnixNano())&0xffffff, "seed of all that is random")
	fs.BoolVar(&s.keep, "keep", false, "keep the folder with data and logs, and say where it is")
	fs.BoolVar(&s.race, "race", false, "build the programs with the race detector")
	fs.BoolVar(&s.ordered, "ordered", false, "make it a violation when scripts do not run in order")
	fs.StringVar(&s.bin, "bin", "", "folder with homehook and homehook-relay; by default they are built")
	fs.StringVar(&s.dir, "dir", "", "folder to work in, new; a temporary one by default")
	work := c.flags(fs)
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return 2
	}
	err := s.run(ctx, work)
	s.Seconds = round(time.Since(s.began).Seconds(), 1)
	s.OK = err == nil && len(s.Violations) == 0
	switch {
	case errors.Is(err, errSkipped):
		s.OK, s.Skipped = true, strings.TrimPrefix(err.Error(), errSkipped.Error()+": ")
	case err != nil:
		s.Error = err.Error()
	}
	s.Figures["violations"] = len(s.Violations)
	s.Violations = s.Violations[:min(len(s.Violations), 50)]
	line, err := json.Marshal(s.summary)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	fmt.Println(string(line))
	if !s.OK {
		return 1
	}
	return 0
}

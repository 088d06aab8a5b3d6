// Command bench measures the live path, from a caller through relay and agent
// to a local server, beside what it is compared with: one and two nginx in a
// chain, and the same two hops made of net/http's ReverseProxy. All run in one
// session, interleaved, so that their ratios mean something on a machine that
// other work disturbs. Every answer is verified.
//
//	go run ./bench                          # everything, about five minutes
//	go run ./bench -callers 64 -rounds 5 -targets nginx-x2,homehook
//	go run ./bench -json results.json
//
// It needs Linux (for CPU times) and nginx; docs/performance.md has results
// and how to read them.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

// plan is what to measure.
type plan struct {
	targets  []string
	callers  []int
	rounds   int
	window   time.Duration
	size     int
	bulk     int64
	jsonPath string
}

func main() {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "serve-") {
		serveMain(os.Args[1], os.Args[2:])
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, parseFlags()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags() plan {
	var p plan
	targets := flag.String("targets", "direct,nginx,nginx-x2,reverseproxy-x2,homehook,homehook-history", "what to measure")
	callers := flag.String("callers", "1,16,64,256", "numbers of parallel callers")
	flag.IntVar(&p.rounds, "rounds", 3, "interleaved rounds")
	flag.DurationVar(&p.window, "window", 1500*time.Millisecond, "length of one measurement")
	flag.IntVar(&p.size, "size", 1024, "bytes of a small request and its answer")
	flag.Int64Var(&p.bulk, "bulk", 64<<20, "bytes of a bulk transfer; 0 skips them")
	flag.StringVar(&p.jsonPath, "json", "", "file for the results as JSON")
	flag.Parse()
	p.targets = strings.Split(*targets, ",")
	for c := range strings.SplitSeq(*callers, ",") {
		n, err := strconv.Atoi(c)
		if err != nil || n < 1 || n > 4096 {
			fmt.Fprintf(os.Stderr, "bench: -callers %q: numbers from 1 to 4096, separated by commas\n", *callers)
			os.Exit(2)
		}
		p.callers = append(p.callers, n)
	}
	return p
}

func run(ctx context.Context, p plan) error {
	lab, err := newLab(ctx)
	if err != nil {
		return err
	}
	defer lab.close()
	targets := make([]*target, 0, len(p.targets))
	for _, name := range p.targets {
		t, err := lab.start(name)
		if err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		targets = append(targets, t)
	}
	results := newResults(p)
	for round := range p.rounds {
		for _, n := range p.callers {
			for _, t := range targets {
				fmt.Fprintf(os.Stderr, "\rround %d, %d callers, %-20s", round+1, n, t.name)
				s, err := measure(ctx, t, n, p)
				if err != nil {
					return fmt.Errorf("%s with %d callers: %w", t.name, n, err)
				}
				results.add(t.name, n, s)
			}
		}
		for _, t := range targets {
			if p.bulk == 0 {
				break
			}
			fmt.Fprintf(os.Stderr, "\rround %d, bulk, %-20s      ", round+1, t.name)
			up, down, err := measureBulk(ctx, t, p.bulk)
			if err != nil {
				return fmt.Errorf("%s bulk: %w", t.name, err)
			}
			results.addBulk(t.name, up, down)
		}
	}
	fmt.Fprint(os.Stderr, "\r"+strings.Repeat(" ", 60)+"\r")
	results.print(os.Stdout)
	if p.jsonPath == "" {
		return nil
	}
	data, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(p.jsonPath, data, 0o644)
}

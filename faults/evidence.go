package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// delivery is what the agent's history says about one.
type delivery struct {
	ID          string
	Key         key
	State       string
	Digest      string
	DuplicateOf string
	Attempts    int
	Reason      string
}

// queued is an item of the relay's queue.
type queued struct {
	ID     string
	Key    key
	Digest string
}

// evidence is all that is known after a run.
type evidence struct {
	sent  map[key]*sent
	home  []delivery
	queue []queued
	runs  []ran
	// also are the runs of the second script, of claims that have one.
	also []ran
	// doubled are the claims whose deliveries two scripts run.
	doubled map[string]bool
	// scripted are the claims whose deliveries the script handler runs.
	scripted map[string]bool
	// lenient lets deliveries die as quarantined or interrupted, which may
	// happen to any whose agent is killed.
	lenient bool
	// ordered makes it a violation when the script did not run in order.
	ordered bool
	// patient are claims whose deliveries may wait for another attempt.
	patient map[string]bool
	// backlog lets deliveries be on their way still: at rest nothing is.
	backlog bool
	// faults are violations found while reading: a damaged file, a panic in a
	// log.
	faults []violation
	// errors are lines of level ERROR in the logs. They break no law.
	errors []string
}

// gather reads the folder of a lab. Relay and agent have ended.
func gather(ctx context.Context, l *lab) (*evidence, error) {
	e := &evidence{scripted: make(map[string]bool), doubled: make(map[string]bool)}
	for _, c := range l.claims {
		e.scripted[c.name], e.doubled[c.name] = c.scripted(), c.also
	}
	var err error
	if e.sent, err = readLedger(l.path("ledger")); err != nil {
		return nil, err
	}
	if e.runs, err = readRuns(l.path("runs")); err != nil {
		return nil, err
	}
	if e.also, err = readRuns(l.path(alsoFile)); err != nil {
		return nil, err
	}
	if e.home, err = readHistory(ctx, l.history()); err != nil {
		return nil, fmt.Errorf("read the agent's history: %w", err)
	}
	if e.queue, err = readQueue(ctx, l.data()); err != nil {
		return nil, fmt.Errorf("read the relay's queue: %w", err)
	}
	gone, err := readGivenUp(ctx, l.data())
	if err != nil {
		return nil, fmt.Errorf("read what the relay has given up: %w", err)
	}
	for _, id := range gone {
		e.fault("lost", id, "the relay has accepted it and not found its body again")
	}
	for _, path := range []string{l.history(), filepath.Join(l.data(), queueFile)} {
		if err := integrity(ctx, path); err != nil {
			e.fault("integrity", filepath.Base(path), err.Error())
		}
	}
	for _, name := range []string{"relay.log", "agent.log"} {
		text, err := os.ReadFile(l.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it never ran
		}
		if err != nil {
			return nil, err
		}
		if at := complaint(string(text)); at != "" {
			e.fault("log", name, at)
		}
		e.errors = append(e.errors, errorLines(name, string(text))...)
	}
	return e, nil
}

// lenient is how the law is read after kills of the agent.
func lenient(e *evidence) { e.lenient = true }

func (e *evidence) fault(kind, key, detail string) {
	e.faults = append(e.faults, violation{kind, key, detail})
}

// errorLines finds the lines of a log that have the level ERROR.
func errorLines(name, log string) (all []string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=ERROR") {
			all = append(all, name+": "+strings.TrimSpace(line))
		}
	}
	return all
}

// complaints are what no log may say.
var complaints = []string{"panic:", "fatal error:", "DATA RACE", "goroutine 1 [", "malformed", "damaged"}

// complaint is the first line of a log that says that something broke.
func complaint(log string) string {
	for line := range strings.Lines(log) {
		for _, c := range complaints {
			if strings.Contains(line, c) {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
)

// key tells a request from all others of a run: the claim, and a path that is
// sent once. Repetitions of a request by its sender have the same key.
type key struct{ Claim, Path string }

func (k key) String() string { return k.Claim + k.Path }

// sent is what the ledger says about a request.
type sent struct {
	Digest   string // SHA-256 of the body, in hex
	Accepted int    // answers with a 2xx
}

// ledger is the sender's side of the truth: a file to which lines are added,
// "?" before a request is sent, "+" once it is answered with a 2xx. The second
// kind is on the disk before the sender goes on.
type ledger struct {
	mu   sync.Mutex
	f    *os.File
	sync bool
}

// openLedger opens or creates the file. Without sync lines are not fsync'd:
// for measurements, in which the disk is the relay's.
func openLedger(path string, sync bool) (*ledger, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &ledger{f: f, sync: sync}, nil
}

func (l *ledger) trying(k key, digest string, size int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintf(l.f, "? %s %s %s %d\n", k.Claim, k.Path, digest, size)
	return err
}

func (l *ledger) accepted(k key, status int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := fmt.Fprintf(l.f, "+ %s %s %d\n", k.Claim, k.Path, status); err != nil || !l.sync {
		return err
	}
	return l.f.Sync()
}

func (l *ledger) close() error { return l.f.Close() }

// readLedger reads what was sent, and how often each request was accepted.
func readLedger(path string) (map[key]*sent, error) {
	all := make(map[key]*sent)
	err := eachLine(path, func(fields []string) error {
		if len(fields) < 4 {
			return fmt.Errorf("line with %d words", len(fields))
		}
		k := key{fields[1], fields[2]}
		switch fields[0] {
		case "?":
			if all[k] == nil {
				all[k] = &sent{Digest: fields[3]}
			}
		case "+":
			if all[k] == nil {
				return fmt.Errorf("%s was accepted but never sent", k)
			}
			all[k].Accepted++
		}
		return nil
	})
	return all, err
}

// ran is a line of the script handler.
type ran struct {
	ID     string
	Key    key
	Digest string
	// Cut says that the body ended before its length: the agent was killed while
	// it wrote it.
	Cut bool
}

// readRuns reads the script handler's file; one that is not there has no line.
func readRuns(path string) ([]ran, error) {
	var all []ran
	err := eachLine(path, func(fields []string) error {
		if len(fields) != 5 {
			return fmt.Errorf("line with %d words", len(fields))
		}
		all = append(all, ran{ID: fields[0], Key: key{fields[1], fields[2]}, Digest: fields[3], Cut: fields[4] == "cut"})
		return nil
	})
	if os.IsNotExist(err) {
		err = nil
	}
	return all, err
}

// eachLine calls f with the words of each line that has its end.
func eachLine(path string, f func([]string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if err := f(strings.Fields(lines.Text())); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return lines.Err()
}

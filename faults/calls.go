package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// call is a system call as strace writes it.
type call struct{ name, args, result string }

// replay applies the calls of a log that strace -f -y -xx has written.
func (m *image) replay(log io.Reader) error {
	lines := bufio.NewReaderSize(log, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return nil // a line without an end was not over when the power went
		}
		if err != nil {
			return err
		}
		if err := m.line(strings.TrimSuffix(line, "\n")); err != nil {
			return fmt.Errorf("%w in %.200q", err, line)
		}
	}
}

// line applies one line. What a call writes counts from its begin, what it
// syncs from its end.
func (m *image) line(line string) error {
	pid, text, _ := strings.Cut(line, " ")
	text = strings.TrimLeft(text, " ")
	if rest, ok := strings.CutPrefix(text, "<... "); ok {
		c, known := m.begun[pid]
		_, c.result, _ = strings.Cut(rest, "= ")
		delete(m.begun, pid)
		if known {
			return m.end(c)
		}
		return nil
	}
	name, rest, ok := strings.Cut(text, "(")
	if !ok {
		return nil // "+++ killed by SIGKILL +++"
	}
	c := call{name: name}
	if args, unfinished := strings.CutSuffix(rest, " <unfinished ...>"); unfinished {
		c.args = args
		m.begun[pid] = c
		return m.begin(c)
	}
	at := strings.LastIndex(rest, ") ")
	if at < 0 {
		return nil
	}
	c.args = rest[:at]
	_, c.result, _ = strings.Cut(rest[at:], "= ")
	if err := m.begin(c); err != nil {
		return err
	}
	return m.end(c)
}

// descriptor is the path in "7<\x2f\x74>", the first of the arguments.
func descriptor(args string) string {
	_, rest, _ := strings.Cut(args, "<")
	text, _, _ := strings.Cut(rest, ">")
	path, err := unhex(text)
	if err != nil {
		return ""
	}
	return string(path)
}

// paths are those of a call like renameat(AT_FDCWD<dir>, "a", AT_FDCWD<dir>, "b").
func paths(args string) (all []string, err error) {
	dir := ""
	for rest := args; ; {
		at := strings.IndexAny(rest, `<"`)
		if at < 0 {
			return all, nil
		}
		end := map[byte]string{'<': ">", '"': `"`}[rest[at]]
		text, after, _ := strings.Cut(rest[at+1:], end)
		name, err := unhex(text)
		if err != nil {
			return nil, err
		}
		switch path := string(name); {
		case end == ">":
			dir = path
		case filepath.IsAbs(path):
			all = append(all, path)
		default:
			all = append(all, filepath.Join(dir, path))
		}
		rest = after
	}
}

func unhex(text string) ([]byte, error) {
	if text == "" {
		return []byte{}, nil
	}
	return hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
}

func lastWord(args string) string {
	return args[strings.LastIndex(args, " ")+1:]
}

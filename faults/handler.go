package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// sizeField tells the script how long the body is that it should get.
const sizeField = "X-Faults-Size"

// handlerMain is the script that the agent runs: it adds a line to a file, with
// the delivery's id and the body's digest, and ends with 0 only when the line
// is on the disk. A second argument is how long it takes before that; a third
// is the number of the attempt before which it asks to be tried later.
func handlerMain(args []string) int {
	if len(args) < 1 || len(args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: faults handler FILE [DURATION [ATTEMPT]]")
		return 2
	}
	if len(args) > 2 {
		least, _ := strconv.Atoi(args[2])
		if attempt, _ := strconv.Atoi(os.Getenv("HOMEHOOK_ATTEMPT")); attempt < least {
			return 75
		}
	}
	if len(args) > 1 {
		d, err := time.ParseDuration(args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		time.Sleep(d)
	}
	whole, err := handle(args[0])
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	case !whole:
		fmt.Fprintln(os.Stderr, "the body is cut")
		return 1
	}
	fmt.Println(os.Getenv("HOMEHOOK_DELIVERY"))
	return 0
}

// handle notes one run and reports whether the body was whole.
func handle(file string) (whole bool, err error) {
	digest := sha256.New()
	n, err := io.Copy(digest, os.Stdin)
	if err != nil {
		return false, err
	}
	want, err := announced(os.Getenv("HOMEHOOK_HEADERS_FILE"))
	mark := "whole"
	// A restarted agent clears away the header files of the one before it.
	if whole = err == nil && want == n; !whole {
		mark = "cut"
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	// One write: lines of handlers that run at once do not mix.
	line := fmt.Sprintf("%s %s %s %s %s\n", os.Getenv("HOMEHOOK_DELIVERY"), os.Getenv("HOMEHOOK_CLAIM"),
		os.Getenv("HOMEHOOK_PATH"), hex.EncodeToString(digest.Sum(nil)), mark)
	if _, err := f.WriteString(line); err != nil {
		return false, err
	}
	if err := f.Sync(); err != nil {
		return false, err
	}
	return whole, f.Close()
}

// announced reads the length that the sender gave from the file with the
// request's fields.
func announced(headers string) (int64, error) {
	f, err := os.Open(headers)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if strings.EqualFold(name, sizeField) {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("no field %s", sizeField)
}

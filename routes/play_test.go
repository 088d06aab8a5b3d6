package routes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// play is a script. What it plays is in its arguments.
func play(mode string, args []string) int {
	switch mode {
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "exit0":
	case "exit": // STATUS: with something on both outputs
		fmt.Print("to the sender")
		fmt.Fprint(os.Stderr, "to the history")
		code, _ := strconv.Atoi(args[0])
		return code
	case "say":
		fmt.Print(args[0])
	case "args":
		json.NewEncoder(os.Stdout).Encode(args)
	case "env":
		env := os.Environ()
		slices.Sort(env)
		fmt.Print(strings.Join(env, "\n"))
	case "dir":
		dir, _ := os.Getwd()
		fmt.Print(dir)
	case "headers":
		return playFile("HOMEHOOK_HEADERS_FILE")
	case "file": // VARIABLE: shows the file that it names
		return playFile(args[0])
	case "flood": // N bytes to each output
		n, _ := strconv.Atoi(args[0])
		os.Stdout.Write(bytes.Repeat([]byte("o"), n))
		os.Stderr.Write(bytes.Repeat([]byte("e"), n))
	case "hold": // ADDR...: until killed, deaf to signals, with connections to tell by
		return playHold(args...)
	case "wait": // ADDR: until killed, or asked to end
		return playWait(args[0])
	case "leave": // HOW ADDR: a child that holds, and end
		return playLeave(args[0], args[1])
	case "tree": // ADDR: one child of each kind, and hold
		for _, how := range []string{"child", "detached", "nameless"} {
			if code := playLeave(how, args[0]); code != 0 {
				return code
			}
		}
		return playHold(args[0])
	}
	return 0
}

func playFile(variable string) int {
	path := os.Getenv(variable)
	info, err := os.Stat(path)
	if err != nil {
		fmt.Fprint(os.Stderr, err)
		return 1
	}
	lines, _ := os.ReadFile(path)
	fmt.Printf("%s\n%o\n%s", path, info.Mode().Perm(), lines)
	return 0
}

func playHold(addrs ...string) int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	var first net.Conn
	for _, addr := range addrs {
		nc, err := register(addr)
		if err != nil {
			fmt.Fprint(os.Stderr, err)
			return 1
		}
		if first == nil {
			first = nc
		}
	}
	io.Copy(io.Discard, first) // what no kill has reached ends with the test
	return 0
}

// register opens a connection that lasts as long as the process.
func register(addr string) (net.Conn, error) {
	nc, err := net.Dial("tcp", addr)
	if err == nil {
		_, err = nc.Write([]byte("x"))
	}
	return nc, err
}

func playWait(addr string) int {
	ask := make(chan os.Signal, 1)
	signal.Notify(ask, syscall.SIGTERM)
	if _, err := register(addr); err != nil {
		return 1
	}
	<-ask
	fmt.Fprint(os.Stderr, "asked to end")
	return 3
}

// playLeave starts a child that holds, in one of the ways there are to leave a
// script behind, and waits until it does.
func playLeave(how, addr string) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	defer l.Close()
	c := exec.Command(os.Args[0], "play", "hold", addr, l.Addr().String())
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	switch how {
	case "quiet": // holds no output
		c.Stdout, c.Stderr = nil, nil
	case "detached":
		detach(c)
	case "nameless": // detached, and without the mark, but for its parents
		c.Env = []string{"SystemRoot=" + os.Getenv("SystemRoot")}
		detach(c)
	}
	if err := c.Start(); err != nil {
		fmt.Fprint(os.Stderr, err)
		return 1
	}
	_, err = l.Accept()
	if err != nil {
		return 1
	}
	return 0
}

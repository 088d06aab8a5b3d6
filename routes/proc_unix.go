//go:build unix

package routes

import (
	"fmt"
	"os"
	"syscall"
)

// pipes are the three standard files of a script: its ends and ours.
type pipes struct {
	child     [3]int // its ends, 0 when not open
	in        *os.File
	out, errs *os.File
}

// open makes the files. What is at hand of the body goes into the pipe before
// anyone reads it, as far as the pipe takes it; what it does not take is
// returned. Without a body the input is the null device.
func (p *pipes) open(first []byte, whole bool) (rest []byte, err error) {
	if whole && len(first) == 0 {
		p.child[0], err = syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	} else {
		rest, err = p.openInput(first, whole)
	}
	for i, ours := range []**os.File{&p.out, &p.errs} {
		if err != nil {
			return nil, fmt.Errorf("open pipe: %w", err)
		}
		var fd [2]int
		if err = pipe(&fd); err == nil {
			p.child[1+i] = fd[1]
			*ours = pollable(fd[0], "output")
		}
	}
	return rest, err
}

func (p *pipes) openInput(first []byte, whole bool) (rest []byte, err error) {
	var fd [2]int
	if err := pipe(&fd); err != nil {
		return nil, err
	}
	p.child[0] = fd[0]
	syscall.SetNonblock(fd[1], true)
	n, _ := syscall.Write(fd[1], first)
	rest = first[max(n, 0):]
	if whole && len(rest) == 0 {
		syscall.Close(fd[1])
		return nil, nil
	}
	p.in = pollable(fd[1], "input")
	return rest, nil
}

// pollable makes a file of our end of a pipe, whose reads and writes wait
// without holding a thread.
func pollable(fd int, name string) *os.File {
	syscall.SetNonblock(fd, true)
	return os.NewFile(uintptr(fd), name)
}

func (p *pipes) closeChild() {
	for i, fd := range p.child {
		if fd > 0 {
			syscall.Close(fd)
			p.child[i] = 0
		}
	}
}

func (p *pipes) closeOurs() {
	for _, f := range []*os.File{p.in, p.out, p.errs} {
		if f != nil {
			f.Close()
		}
	}
}

// startProcess starts a program as the leader of a process group of its own.
func startProcess(argv []string, dir string, env []string, p *pipes) (*process, error) {
	proc := &process{}
	attr := &syscall.ProcAttr{
		Dir: dir, Env: env, Sys: proc.attributes(),
		Files: []uintptr{uintptr(p.child[0]), uintptr(p.child[1]), uintptr(p.child[2])},
	}
	pid, _, err := syscall.StartProcess(argv[0], argv, attr)
	if err != nil {
		return nil, err
	}
	proc.pid = pid
	return proc, nil
}

// terminate asks the group to end.
func (p *process) terminate() { syscall.Kill(-p.pid, syscall.SIGTERM) }

// exit returns the exit status as shells tell it, once reaped.
func (p *process) exit() int {
	if p.status.Signaled() {
		return 128 + int(p.status.Signal())
	}
	return p.status.ExitStatus()
}

// ending says how the process ended, once reaped.
func (p *process) ending() string {
	if p.status.Signaled() {
		return "ended by signal: " + p.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", p.status.ExitStatus())
}

// wait4 collects the status of the process.
func (p *process) wait4() {
	for {
		if _, err := syscall.Wait4(p.pid, &p.status, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

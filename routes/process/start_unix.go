//go:build unix

package process

import (
	"fmt"
	"os"
	"syscall"
)

// pipes are the three standard files of a program: its ends and ours.
type pipes struct {
	child   [3]int // its ends, 0 when not open
	in      *os.File
	outputs [2]int // our ends of output and error, 0 when not open
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
	for i := range p.outputs {
		var fd [2]int
		if err == nil {
			err = pipe(&fd)
		}
		p.outputs[i], p.child[1+i] = fd[0], fd[1]
	}
	if err != nil {
		return nil, fmt.Errorf("open pipe: %w", err)
	}
	return rest, nil
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
	p.in = os.NewFile(uintptr(fd[1]), "input")
	return rest, nil
}

func (p *pipes) closeChild() { closeAll(p.child[:]) }

func (p *pipes) closeOurs() {
	closeAll(p.outputs[:])
	if p.in != nil {
		p.in.Close()
	}
}

func closeAll(fds []int) {
	for i, fd := range fds {
		if fd > 0 {
			syscall.Close(fd)
			fds[i] = 0
		}
	}
}

// program is a program that runs, the group that it leads, and who attends to
// it.
type program struct {
	attendant
	mark   string
	pid    int
	status syscall.WaitStatus // once reaped
}

// start starts a program as the leader of a process group of its own.
// It takes over the pipes of the outputs.
func (p *program) start(o *Order, f *pipes) error {
	pidfd := -1
	p.mark = o.Mark
	p.expect(o)
	attr := &syscall.ProcAttr{
		Dir: o.Dir, Env: o.Env, Sys: groupLeader(&pidfd),
		Files: []uintptr{uintptr(f.child[0]), uintptr(f.child[1]), uintptr(f.child[2])},
	}
	attr.Sys.Credential = o.Account.credential()
	var pid int
	var err error
	if o.Limits != nil {
		pid, err = startLimited(o.Argv, attr, o.Limits)
	} else {
		pid, _, err = syscall.StartProcess(o.Argv[0], o.Argv, attr)
	}
	if err != nil {
		if pidfd >= 0 {
			syscall.Close(pidfd)
		}
		return err
	}
	p.pid = pid
	p.begin(pidfd, f)
	return nil
}

// terminate asks the group to end. What has left it by then is remembered: it may
// be known by its parents only, who are about to go.
func (p *program) terminate() {
	p.note()
	syscall.Kill(-p.pid, syscall.SIGTERM)
}

// exit returns the exit status as shells tell it, once reaped.
func (p *program) exit() int {
	if p.status.Signaled() {
		return 128 + int(p.status.Signal())
	}
	return p.status.ExitStatus()
}

// signaled reports whether a signal has ended the process, once reaped.
func (p *program) signaled() bool { return p.status.Signaled() }

// ending says how the process ended, once reaped.
func (p *program) ending() string {
	if p.status.Signaled() {
		return "ended by signal: " + p.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", p.status.ExitStatus())
}

// wait4 collects the status of the process.
func (p *program) wait4() {
	for {
		if _, err := syscall.Wait4(p.pid, &p.status, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

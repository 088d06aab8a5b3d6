//go:build unix

package routes

import (
	"fmt"
	"os"
	"syscall"
)

// pipes are the three standard files of a script: its ends and ours.
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

// process is a script, the group that it leads, and who attends to it.
type process struct {
	attendant
	pid    int
	status syscall.WaitStatus // once reaped
}

// startProcess starts a program as the leader of a process group of its own.
// It takes over the pipes of the outputs.
func startProcess(o *order, p *pipes) (*process, error) {
	proc, pidfd := &process{}, -1
	proc.expect(o)
	attr := &syscall.ProcAttr{
		Dir: o.dir, Env: o.env, Sys: groupLeader(&pidfd),
		Files: []uintptr{uintptr(p.child[0]), uintptr(p.child[1]), uintptr(p.child[2])},
	}
	attr.Sys.Credential = o.as.credential()
	var pid int
	var err error
	if o.limits != nil {
		pid, err = startLimited(o.argv, attr, o.limits)
	} else {
		pid, _, err = syscall.StartProcess(o.argv[0], o.argv, attr)
	}
	if err != nil {
		if pidfd >= 0 {
			syscall.Close(pidfd)
		}
		return nil, err
	}
	proc.pid = pid
	proc.begin(pidfd, p)
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

// killed reports whether a signal has ended the process, once reaped.
func (p *process) killed() bool { return p.status.Signaled() }

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

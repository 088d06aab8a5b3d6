//go:build unix && !linux

package routes

import "syscall"

// process is a script and the group that it leads.
type process struct {
	pid    int
	status syscall.WaitStatus // once waited for
}

func (p *process) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// pipe keeps others from starting a process between the two steps.
func pipe(fd *[2]int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(fd[:]); err != nil {
		return err
	}
	syscall.CloseOnExec(fd[0])
	syscall.CloseOnExec(fd[1])
	return nil
}

// wait returns when the process has ended.
func (p *process) wait() { p.wait4() }

// reap ends what is left of the group. A group that has members keeps its
// number from being given away.
func (p *process) reap() { syscall.Kill(-p.pid, syscall.SIGKILL) }

// kill ends the group. A process that has left it is out of reach; its output
// is read no more.
func (p *process) kill(string) { syscall.Kill(-p.pid, syscall.SIGKILL) }

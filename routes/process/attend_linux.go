package process

import (
	"context"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// attention is how long a program is waited for without a look at the context.
const attention = 500 * time.Millisecond

// attendant reads what a program writes and waits for its end, on the calling
// goroutine: one poll for both outputs and the process costs less than a
// goroutine for each, which shows when programs are short.
type attendant struct {
	kept   [2]collector   // of standard output and standard error
	fds    [3]unix.PollFd // both outputs, then the process; -1 when done with
	pid    int
	exited bool
	passes bool // standard output is handed over as it comes

	// writers are the program's ends of its outputs, kept open until it has
	// exited. The end of an output says nothing before that, and would wake
	// us twice more for each program.
	writers []int

	strays strays // what lived of the program besides its leader, when last noted
}

func (a *attendant) init(pid, pidfd int, outputs [2]int, writers []int) {
	a.pid, a.writers = pid, writers
	for i, fd := range [...]int{outputs[0], outputs[1], pidfd} {
		a.fds[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	}
}

// expect prepares for what the outputs of a program come to.
func (a *attendant) expect(o *Order) {
	a.kept[0].max, a.kept[1].max, a.passes = o.Keep[0], o.Keep[1], o.Passes
}

// pending reports whether there is standard output to be handed over.
func (a *attendant) pending() bool { return a.passes && len(a.kept[0].kept) > 0 }

// take returns what has arrived. It is valid until the next call of attend.
func (a *attendant) take() []byte {
	p := a.kept[0].kept
	a.kept[0].kept = p[:0]
	return p
}

// waste drops the standard output from here on.
func (a *attendant) waste() {
	a.passes = false
	a.kept[0].kept, a.kept[0].max = nil, 0
}

// over reports whether the process has ended, as far as attend has seen.
func (a *attendant) over() bool { return a.exited }

func (a *attendant) closed() bool { return a.fds[0].Fd < 0 && a.fds[1].Fd < 0 }

// attend reads and waits until something is to be done. Once the program has
// ended, its outputs have until linger to be closed by whoever holds them.
// What arrived is to be taken before the next call.
func (a *attendant) attend(ctx context.Context, until time.Time, linger time.Duration, broken <-chan struct{}) Event {
	over := Late
	for {
		left := time.Until(until)
		switch {
		case a.exited && a.closed() && a.pending():
			return Arrived
		case a.exited && a.closed():
			return Ended
		case isClosed(broken):
			return Spoiled
		case ctx.Err() != nil:
			return Stopped
		case left <= 0:
			return over
		case a.pending():
			return Arrived
		}
		was := a.exited
		a.poll(min(left, attention))
		if a.exited && !was {
			until, over = time.Now().Add(min(linger, time.Until(until))), Held
		}
	}
}

// poll waits for at most d and takes what has come.
func (a *attendant) poll(d time.Duration) {
	if a.fds[2].Fd < 0 && !a.exited {
		d = min(d, 5*time.Millisecond) // a system without process descriptors
	}
	n, err := unix.Poll(a.fds[:], int((d+time.Millisecond-1)/time.Millisecond))
	if err == nil && n > 0 {
		for i := range a.kept {
			a.read(i)
		}
	}
	if !a.exited && (err == nil && a.fds[2].Revents != 0 || a.fds[2].Fd < 0 && a.hasExited()) {
		a.exited = true
		closeAll(a.writers)
		a.drop(2)
	}
}

// read takes from an output that has something, or closes one that has ended.
func (a *attendant) read(i int) {
	p, c := &a.fds[i], &a.kept[i]
	if p.Fd < 0 || p.Revents == 0 {
		return
	}
	if p.Revents&unix.POLLIN != 0 {
		n, err := syscall.Read(int(p.Fd), c.room())
		if n > 0 || err == syscall.EINTR {
			c.took(max(n, 0))
			return
		}
	}
	a.drop(i)
}

// drop closes what is done with.
func (a *attendant) drop(i int) {
	if a.fds[i].Fd >= 0 {
		syscall.Close(int(a.fds[i].Fd))
		a.fds[i].Fd = -1
	}
}

// hasExited reports whether the process has ended, and leaves it unreaped: as
// long as it is, its number and its group's are given to no other. It is asked
// only where there are no process descriptors.
func (a *attendant) hasExited() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, a.pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo != 0
}

// release closes what is still open.
func (a *attendant) release() {
	closeAll(a.writers)
	for i := range a.fds {
		a.drop(i)
	}
}

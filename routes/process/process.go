package process

import (
	"context"
	"os"
	"time"
)

// Order is what a program is started with.
type Order struct {
	Argv []string // the path of the program, and its arguments
	Dir  string   // the folder that it runs in
	Env  []string // all of its environment, as NAME=value

	// Mark is a variable of Env that no other program has. Its children inherit
	// it, which tells them from other processes when all are to end.
	Mark string

	// Keep is how many bytes are kept of standard output and of standard error.
	// What is written beyond is read and dropped.
	Keep [2]int

	// Passes hands standard output over as it comes, by Arrived and Take. Keep[0]
	// is how much at a time then.
	Passes bool

	// Linger is how long others may hold the outputs open once the program has
	// ended.
	Linger time.Duration

	Account *Account // the user that it runs as; nil for that of this process
	Limits  *Limits  // what it may use; nil for what the system lets it
	Pin     *Pin     // what it has to be; nil for anything

	// Code is what it is made of. Nobody but root, this process's own user and the
	// account may be able to change that.
	Code *Code
}

// Event is why the wait for a program ended.
type Event uint8

// The events of a program.
const (
	Ended   Event = iota // it has ended, and so have its outputs
	Held                 // it has ended, but others hold its outputs open
	Late                 // it is time
	Stopped              // the context has ended
	Spoiled              // its input is not what it should be: see Spoil
	Arrived              // there is standard output to take
)

// Process is a program that was started. Its methods are for one goroutine, but
// for Spoil, which is for the one that writes the input.
type Process struct {
	program // the system's part
	in      *os.File
	linger  time.Duration
	spoiled chan struct{}
	gone    chan struct{} // closed once reaped
}

// Start starts a program with what there is of its input, and returns what of
// that the pipe did not take: it is to be written to Input, or to be seen to be
// empty. whole says that nothing comes behind first. A program without any input
// gets the null device.
//
// The error is that of a file which others can change, the pin's, of the operating
// system, or of setting the limits. Nothing runs then.
func Start(o *Order, first []byte, whole bool) (p *Process, rest []byte, err error) {
	// Whose the files are comes first: what others can change may be another thing
	// by the time at which it starts.
	if err := o.custody(); err != nil {
		return nil, nil, err
	}
	if err := o.Pin.Check(); err != nil {
		return nil, nil, err
	}
	var f pipes
	p = &Process{linger: o.Linger}
	if rest, err = f.open(first, whole); err == nil {
		err = p.start(o, &f)
	}
	f.closeChild()
	if err != nil {
		f.closeOurs()
		return nil, nil, err
	}
	p.in = f.in
	p.spoiled, p.gone = make(chan struct{}), make(chan struct{})
	return p, rest, nil
}

// Input is our end of standard input, nil when all of it was written by Start.
// Its end is the program's end of file, so whoever writes closes it.
func (p *Process) Input() *os.File { return p.in }

// Spoil says that the input has broken off. Attend tells so, and Spoil waits until
// the program is gone: its input stays open until then, so that it never takes
// half of it for all.
func (p *Process) Spoil() {
	close(p.spoiled)
	<-p.gone
}

// Attend reads what the program writes, and waits until something is to be
// decided. It may be called again, whatever it returned; what Arrived is to be
// taken before.
func (p *Process) Attend(ctx context.Context, until time.Time) Event {
	return p.attend(ctx, until, p.linger, p.spoiled)
}

// Take returns the standard output that has arrived. It is valid until the next
// call of Attend.
func (p *Process) Take() []byte { return p.take() }

// Waste drops the standard output from here on.
func (p *Process) Waste() { p.waste() }

// Over reports whether the program has ended, as far as Attend has seen.
func (p *Process) Over() bool { return p.over() }

// Terminate asks the program and its group to end. Windows has no polite way that
// reaches a program without a window: there it ends at once.
func (p *Process) Terminate() { p.terminate() }

// End waits for the end of a program that was asked for it, kills it with all that
// it has started when it has not come by a time or ctx ends before, and reaps it.
func (p *Process) End(ctx context.Context, by time.Time) {
	p.attend(ctx, by, time.Until(by), nil)
	p.kill()
	// What is killed closes its outputs; one that somebody out of reach holds
	// is given up.
	p.attend(context.Background(), time.Now().Add(time.Second), time.Second, nil)
	p.Reap()
}

// Kill ends the program with all that it has started, and reaps it.
func (p *Process) Kill() {
	p.kill()
	p.Reap()
}

// Reap waits for the end of a program that is to end by itself, ends what is left
// of its group, and frees what belongs to it.
func (p *Process) Reap() {
	p.reap()
	close(p.gone)
}

// Output returns what is kept of standard output, and whether more was written.
func (p *Process) Output() (kept []byte, cut bool) { return p.kept[0].kept, p.kept[0].cut }

// Errors returns the same of standard error.
func (p *Process) Errors() (kept []byte, cut bool) { return p.kept[1].kept, p.kept[1].cut }

// Exit returns the exit status of a program that was reaped, as shells tell it:
// 128 and the number of the signal for one that a signal has ended.
func (p *Process) Exit() int { return p.exit() }

// Signaled reports whether a signal has ended a program that was reaped.
func (p *Process) Signaled() bool { return p.signaled() }

// Ending says in words how a program ended that was reaped.
func (p *Process) Ending() string { return p.ending() }

// Error is why something cannot be had on this system, by this user or for that
// account, and what a person may do instead.
type Error struct{ Message, Remedy string }

var _ error = (*Error)(nil)

func (e *Error) Error() string { return e.Message }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

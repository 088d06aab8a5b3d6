package service

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
)

// noCore keeps the dialogue and the report of a crash away, which would hold
// the memory of this process.
func noCore() {
	windows.SetErrorMode(windows.SEM_FAILCRITICALERRORS | windows.SEM_NOGPFAULTERRORBOX | windows.SEM_NOOPENFILEERRORBOX)
}

// manage runs serve for the service control manager if that has started this
// process, and otherwise as the program of a task.
func manage(ctx context.Context, o RunOptions, serve func(context.Context) int) int {
	if o.Supervised {
		return serve(ctx) // whoever supervises hears of the end
	}
	h := &handler{ctx: ctx, serve: serve}
	// Only the manager can tell whose process this is: looks at the parents say
	// no under Wine.
	err := svc.Run(serviceName, h)
	if h.ran || !errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		return h.code
	}
	ctx, release := heedStop(ctx, o.Paths)
	defer release()
	return serve(ctx)
}

// handler is the agent in the hands of the service control manager.
type handler struct {
	ctx   context.Context
	serve func(context.Context) int
	ran   bool
	code  int
}

var _ svc.Handler = (*handler)(nil)

// stopHint is what the manager is told that an end may take, in milliseconds.
const stopHint = 10_000

// Execute runs the agent until it has ended or the manager wants it to. It says
// at once that the agent runs: links come up in their own time.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	h.ran = true
	ctx, stop := context.WithCancel(h.ctx)
	defer stop()
	ended := make(chan int, 1)
	go func() { ended <- h.serve(ctx) }()
	now := svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
	status <- now
	for {
		select {
		case h.code = <-ended:
			return h.result(ctx)
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				status <- now
			case svc.Stop, svc.Shutdown:
				now = svc.Status{State: svc.StopPending, WaitHint: stopHint}
				status <- now
				stop()
			}
		}
	}
}

// result tells the manager how it was. One that nobody asked to end and that a
// start would help ends without a word: that is a crash, which the manager
// answers with a start.
func (h *handler) result(ctx context.Context) (bool, uint32) {
	if h.code != ExitDone && h.code != ExitConfig && ctx.Err() == nil {
		os.Exit(h.code)
	}
	return h.code != ExitDone, uint32(h.code)
}

// heedStop returns a context that also ends when the event of [signalStop] is
// set, for a process that nobody can send a signal to.
func heedStop(ctx context.Context, p Paths) (context.Context, func()) {
	detachConsole()
	ctx, cancel := context.WithCancel(ctx)
	event, err := makeStopEvent(p)
	if err != nil {
		return ctx, cancel // it can be ended by force still
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = windows.WaitForSingleObject(event, windows.INFINITE)
		cancel()
	}()
	return ctx, func() {
		cancel()
		_ = windows.SetEvent(event) // ends the wait
		<-ended
		_ = windows.CloseHandle(event)
	}
}

// makeStopEvent makes the event that ends the agent of these paths, for this
// user alone. One that is there already is somebody else's, who could end the
// agent with it.
func makeStopEvent(p Paths) (windows.Handle, error) {
	user, err := currentUser()
	if err != nil {
		return 0, err
	}
	sd, err := windows.SecurityDescriptorFromString("D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;" + user.String() + ")")
	if err != nil {
		return 0, err
	}
	name, err := windows.UTF16PtrFromString(stopEvent(p))
	if err != nil {
		return 0, err
	}
	access := windows.SecurityAttributes{SecurityDescriptor: sd}
	access.Length = uint32(unsafe.Sizeof(access))
	event, err := windows.CreateEvent(&access, 1, 0, name)
	if errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		_ = windows.CloseHandle(event)
		event = 0
	}
	return event, err
}

// signalStop asks the agent of these paths to end. The error wraps
// ERROR_FILE_NOT_FOUND when none listens.
func signalStop(p Paths) error {
	name, err := windows.UTF16PtrFromString(stopEvent(p))
	if err != nil {
		return err
	}
	event, err := windows.OpenEvent(windows.EVENT_MODIFY_STATE, false, name)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(event)
	return windows.SetEvent(event)
}

// stopEvent is the name of the event that ends the agent of these paths, the
// same in every session of the user.
func stopEvent(p Paths) string {
	return `Global\` + strings.TrimPrefix(p.Socket(), `\\.\pipe\`) + "-stop"
}

var (
	kernel          = windows.NewLazySystemDLL("kernel32.dll")
	procConsoleList = kernel.NewProc("GetConsoleProcessList")
	procFreeConsole = kernel.NewProc("FreeConsole")
)

// detachConsole gives back a console that the system has opened for this
// process alone, as for a task's, with its window.
func detachConsole() {
	var ids [2]uint32
	// 0 is the error, as of a process without a console.
	if n, _, _ := procConsoleList.Call(uintptr(unsafe.Pointer(&ids[0])), uintptr(len(ids))); n == 1 {
		_, _, _ = procFreeConsole.Call() // it may be gone by now
	}
}

// unseen keeps a program from opening a window of its own.
func unseen() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
}

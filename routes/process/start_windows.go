package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// pipes are the three standard files of a program: its ends and ours.
type pipes struct {
	child   [3]*os.File
	in      *os.File
	outputs [2]*os.File
}

// open makes the files. A pipe here takes little at once, so the body is
// written behind the start. Without a body the input is the null device.
func (p *pipes) open(first []byte, whole bool) (rest []byte, err error) {
	if whole && len(first) == 0 {
		p.child[0], err = os.Open(os.DevNull)
	} else {
		p.child[0], p.in, err = os.Pipe()
	}
	if err == nil {
		p.outputs[0], p.child[1], err = os.Pipe()
	}
	if err == nil {
		p.outputs[1], p.child[2], err = os.Pipe()
	}
	return first, err
}

func (p *pipes) closeChild() { closeFiles(p.child[:]) }

func (p *pipes) closeOurs() { closeFiles([]*os.File{p.in, p.outputs[0], p.outputs[1]}) }

func closeFiles(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// program is a program that runs, the job object that holds all it starts, and who
// attends to it.
type program struct {
	attendant
	job   windows.Handle
	state *os.ProcessState
}

// start starts a program inside a job, and takes the outputs over. It is
// started suspended, so that it cannot start another before it is in the job.
func (p *program) start(o *Order, f *pipes) error {
	job, err := newJob(o.Limits)
	if err != nil {
		return fmt.Errorf("create job: %w", err)
	}
	proc, err := os.StartProcess(o.Argv[0], o.Argv, &os.ProcAttr{
		Dir: o.Dir, Env: o.Env, Files: f.child[:],
		Sys: &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_SUSPENDED | windows.CREATE_NEW_PROCESS_GROUP},
	})
	if err != nil {
		windows.CloseHandle(job)
		return err
	}
	var failed error
	err = proc.WithHandle(func(h uintptr) {
		if failed = windows.AssignProcessToJobObject(job, windows.Handle(h)); failed == nil {
			failed = resume(windows.Handle(h))
		}
	})
	if err = errors.Join(err, failed); err != nil {
		proc.Kill()
		proc.Wait()
		windows.CloseHandle(job)
		return fmt.Errorf("put into job: %w", err)
	}
	p.job = job
	p.expect(o)
	p.init(f.outputs, func() { p.state, _ = proc.Wait() })
	return nil
}

// newJob makes a job whose processes end with its last handle, which is ours.
func newJob(l *Limits) (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	l.bind(&info)
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		windows.CloseHandle(job)
		return 0, err
	}
	return job, nil
}

var ntResumeProcess = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtResumeProcess")

// resume lets a suspended process run. Its thread's handle, which the
// documented call needs, is not kept by package os.
func resume(h windows.Handle) error {
	if err := ntResumeProcess.Find(); err != nil {
		return err
	}
	if status, _, _ := ntResumeProcess.Call(uintptr(h)); status != 0 {
		return windows.NTStatus(status)
	}
	return nil
}

// terminate ends the job: there is no polite way that reaches a program
// without a window or a console.
func (p *program) terminate() { windows.TerminateJobObject(p.job, 1) }

// kill ends the job.
func (p *program) kill() { p.terminate() }

// reap ends what is left in the job and frees it.
func (p *program) reap() {
	<-p.exited
	windows.CloseHandle(p.job)
	p.release()
}

// exit returns the exit status, once waited for.
func (p *program) exit() int {
	if p.state == nil {
		return -1
	}
	return p.state.ExitCode()
}

// signaled reports whether a signal has ended the process: there are none here.
func (p *program) signaled() bool { return false }

// ending says how the process ended, once waited for.
func (p *program) ending() string { return fmt.Sprintf("exit status %d", p.exit()) }

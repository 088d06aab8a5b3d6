package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
	"unsafe"

	kardianos "github.com/kardianos/service"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
)

// scm is a service of the service control manager.
type scm struct {
	o       Options
	account string
	command string // the line that the manager runs
	library kardianos.Service
}

var _ system = (*scm)(nil)

// scmArguments are what the service runs the program with.
var scmArguments = []string{"run", "--service", "--system"}

// newSCM is the machine's service.
func newSCM(o Options) (system, error) {
	account, err := scmAccount(o.account())
	if err != nil {
		return nil, err
	}
	s := &scm{o: o, account: account, command: windows.ComposeCommandLine(append([]string{o.Program}, scmArguments...))}
	s.library, err = kardianos.New(nil, &kardianos.Config{
		Name: serviceName, DisplayName: "Homehook", Executable: o.Program, Arguments: scmArguments, UserName: account,
		Description: "Takes webhooks from relays to programs on this machine.",
		Option: kardianos.KeyValue{
			kardianos.OnFailure:              kardianos.OnFailureRestart,
			kardianos.OnFailureDelayDuration: "2s",
			kardianos.OnFailureResetPeriod:   86400,
		},
	})
	return s, err
}

// scmAccount is the account that a name stands for. One with all rights is
// refused, and one that the manager would need a password of.
func scmAccount(name string) (string, error) {
	_, short, domain := strings.Cut(name, `\`)
	if !domain {
		short = name
	}
	switch strings.ToLower(short) {
	case "system", "localsystem":
		return "", errors.New("the service does not run as LocalSystem, since its scripts would, too; name another account, or none for one of its own")
	case "localservice", "networkservice":
		return `NT AUTHORITY\` + short, nil
	}
	if strings.HasPrefix(strings.ToUpper(name), `NT SERVICE\`) || strings.HasSuffix(name, "$") {
		return name, nil
	}
	return "", fmt.Errorf(`the service cannot run as %s: Windows would want the password; name NT AUTHORITY\LocalService or a managed account (DOMAIN\name$), or none for an account of its own`, name)
}

// elevated is the error of what only an administrator can do.
func elevated(verb string) error {
	if windows.GetCurrentProcessToken().IsElevated() {
		return nil
	}
	return fmt.Errorf("only an administrator can %s the system's service; open a terminal as administrator and run: homehook service %s --system", verb, verb)
}

// openSCM opens the service for what access says; ErrNotInstalled if there is
// none. The caller closes it.
func openSCM(access uint32) (windows.Handle, error) {
	m, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return 0, fmt.Errorf("reach service manager: %w", err)
	}
	defer windows.CloseServiceHandle(m)
	name, err := windows.UTF16PtrFromString(serviceName)
	if err != nil {
		return 0, err
	}
	h, err := windows.OpenService(m, name, access)
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return 0, ErrNotInstalled
	}
	if err != nil {
		return 0, fmt.Errorf("open service: %w", err)
	}
	return h, nil
}

// scmConfig is what the manager knows of a service.
type scmConfig struct {
	command, account string
	automatic        bool
}

// configSCM reads it.
func configSCM(h windows.Handle) (scmConfig, error) {
	buf := make([]byte, 8<<10) // the most there can be
	c := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&buf[0]))
	var need uint32
	if err := windows.QueryServiceConfig(h, c, uint32(len(buf)), &need); err != nil {
		return scmConfig{}, fmt.Errorf("read service: %w", err)
	}
	return scmConfig{
		command:   windows.UTF16PtrToString(c.BinaryPathName),
		account:   windows.UTF16PtrToString(c.ServiceStartName),
		automatic: c.StartType == windows.SERVICE_AUTO_START,
	}, nil
}

// querySCM is what the manager knows of the process of a service.
func querySCM(h windows.Handle) (windows.SERVICE_STATUS_PROCESS, error) {
	var st windows.SERVICE_STATUS_PROCESS
	var need uint32
	err := windows.QueryServiceStatusEx(h, windows.SC_STATUS_PROCESS_INFO, (*byte)(unsafe.Pointer(&st)), uint32(unsafe.Sizeof(st)), &need)
	if err != nil {
		return st, fmt.Errorf("read state of service: %w", err)
	}
	return st, nil
}

const readService = windows.SERVICE_QUERY_CONFIG | windows.SERVICE_QUERY_STATUS

func (s *scm) install(ctx context.Context) (bool, error) {
	if err := elevated("install"); err != nil {
		return false, err
	}
	if err := s.own(); err != nil {
		return false, err
	}
	h, err := openSCM(readService)
	if err == nil {
		now, err := configSCM(h)
		_ = windows.CloseServiceHandle(h) // only read
		if err != nil {
			return false, err
		}
		if now.automatic && now.command == s.command && strings.EqualFold(now.account, s.account) {
			return false, nil
		}
		if err := s.uninstall(ctx); err != nil {
			return false, err
		}
	} else if !errors.Is(err, ErrNotInstalled) {
		return false, err
	}
	if err := s.library.Install(); err != nil {
		return false, fmt.Errorf("make service: %w", err)
	}
	return true, nil
}

func (s *scm) uninstall(ctx context.Context) error {
	if err := elevated("uninstall"); err != nil {
		return err
	}
	err := s.stop(ctx)
	if errors.Is(err, ErrNotInstalled) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.library.Uninstall(); err != nil {
		return fmt.Errorf("remove service: %w", err)
	}
	// It goes when the last who looks at it has closed it.
	return s.until(ctx, func() (bool, error) {
		h, err := openSCM(windows.SERVICE_QUERY_STATUS)
		if err == nil {
			_ = windows.CloseServiceHandle(h) // only opened
		}
		return errors.Is(err, ErrNotInstalled), nil
	})
}

// until returns when done says so.
func (s *scm) until(ctx context.Context, done func() (bool, error)) error {
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(awaitEvery):
		}
	}
}

func (s *scm) start(ctx context.Context) error {
	if err := elevated("start"); err != nil {
		return err
	}
	h, err := openSCM(windows.SERVICE_START | windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err
	}
	defer windows.CloseServiceHandle(h)
	began := time.Now()
	err = windows.StartService(h, 0, nil)
	if errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("start service: %w", err)
	}
	running := func() bool {
		st, err := querySCM(h)
		return err == nil && st.CurrentState != windows.SERVICE_STOPPED
	}
	return recordsOf(s.o.Paths).await(ctx, began, running, s.o.Paths.LogFile())
}

func (s *scm) stop(ctx context.Context) error {
	if err := elevated("stop"); err != nil {
		return err
	}
	h, err := openSCM(windows.SERVICE_STOP | windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err
	}
	defer windows.CloseServiceHandle(h)
	var ignored windows.SERVICE_STATUS
	err = windows.ControlService(h, uint32(svc.Stop), &ignored)
	if errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
		return nil
	}
	// One that is starting takes no requests yet, and is asked again.
	busy := errors.Is(err, windows.ERROR_SERVICE_CANNOT_ACCEPT_CTRL)
	if err != nil && !busy {
		return fmt.Errorf("stop service: %w", err)
	}
	return s.until(ctx, func() (bool, error) {
		st, err := querySCM(h)
		if busy && err == nil && st.CurrentState == windows.SERVICE_RUNNING {
			busy = windows.ControlService(h, uint32(svc.Stop), &ignored) != nil
		}
		return st.CurrentState == windows.SERVICE_STOPPED, err
	})
}

func (s *scm) restart(ctx context.Context) error { return again(ctx, s) }

func (s *scm) status(context.Context) (Status, error) {
	st := Status{System: "windows-service", State: StateStopped, Log: s.o.Paths.LogFile()}
	h, err := openSCM(readService)
	if errors.Is(err, ErrNotInstalled) {
		return st, nil
	}
	if err != nil {
		return st, err
	}
	defer windows.CloseServiceHandle(h)
	known, err := configSCM(h)
	if err != nil {
		return st, err
	}
	process, err := querySCM(h)
	if err != nil {
		return st, err
	}
	st.Installed, st.Enabled, st.User = true, known.automatic, known.account
	st.Definition = `HKLM\SYSTEM\CurrentControlSet\Services\` + serviceName
	if words, err := windows.DecomposeCommandLine(known.command); err == nil && len(words) > 0 {
		st.Program = words[0]
	}
	if rec, err := recordsOf(s.o.Paths).read(); err == nil {
		st.LastExit = rec.last()
		if rec.PID == int(process.ProcessId) {
			st.Started = rec.Started
		}
	}
	fillSCM(&st, process)
	return st, nil
}

// fillSCM adds what the manager says of the process.
func fillSCM(st *Status, p windows.SERVICE_STATUS_PROCESS) {
	switch p.CurrentState {
	case windows.SERVICE_RUNNING, windows.SERVICE_STOP_PENDING:
		st.State, st.PID = StateRunning, int(p.ProcessId)
		return
	case windows.SERVICE_START_PENDING:
		st.State, st.PID = StateStarting, int(p.ProcessId)
		return
	}
	switch code := syscall.Errno(p.Win32ExitCode); code {
	case 0, windows.ERROR_SERVICE_NEVER_STARTED:
	case windows.ERROR_SERVICE_SPECIFIC_ERROR:
		st.State = StateFailed
		if st.LastExit == "" {
			st.LastExit = exitText(int(p.ServiceSpecificExitCode))
		}
	default:
		st.State, st.LastExit = StateFailed, code.Error()
	}
}

package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	kardianos "github.com/kardianos/service"
)

const (
	// initdFile is the script that says how the service runs.
	initdFile = "/etc/init.d/" + serviceName

	// initdPID has the id of the process that supervises the agent.
	initdPID = "/run/" + serviceName + ".pid"
)

// initd is a script in /etc/init.d with the agent's supervisor: what SysV's init
// and OpenRC have in common.
type initd struct {
	o       Options
	text    string // of the script
	library kardianos.Service
}

// newInitd is the service whose script is made of a template, for the kind of
// system that the library knows by a name, which takes the script as an option.
func newInitd(o Options, template, kind, option string) (*initd, error) {
	if o.Scope == User {
		return nil, errors.New("the system here runs no services of users; install it for the system: sudo homehook service install --system, or have your session start: homehook run")
	}
	i := &initd{o: o, text: strings.NewReplacer("@PROGRAM@", shellWord(o.Program), "@ACCOUNT@", shellWord(o.account())).Replace(template)}
	chosen, err := systemOf(kind)
	if err != nil {
		return nil, err
	}
	i.library, err = chosen.New(nil, &kardianos.Config{
		Name: serviceName, DisplayName: "Homehook", Executable: o.Program,
		Option: kardianos.KeyValue{option: i.text},
	})
	return i, err
}

// shellWord is s as a word of a script, whatever is in it.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shellValue is the value that a script of ours gives to a name; "" is none.
func shellValue(script, name string) string {
	for line := range strings.Lines(script) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"='"); ok {
			return strings.ReplaceAll(strings.TrimSuffix(v, "'"), `'\''`, "'")
		}
	}
	return ""
}

// define makes account and folders, and writes the script unless it is there
// as it should be.
func (i *initd) define(ctx context.Context) (changed bool, err error) {
	if err := needRoot("install"); err != nil {
		return false, err
	}
	a, err := i.o.makeAccount(ctx)
	if err != nil {
		return false, err
	}
	if err := a.own(i.o.Paths); err != nil {
		return false, err
	}
	have, err := os.ReadFile(initdFile)
	switch {
	case err == nil && string(have) == i.text:
		return false, nil
	case err == nil:
		err = os.Remove(initdFile)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return false, fmt.Errorf("replace script: %w", err)
	}
	err = i.library.Install()
	// It has done its part when the script is there: links are seen to next.
	if have, readErr := os.ReadFile(initdFile); err != nil && (readErr != nil || string(have) != i.text) {
		return false, fmt.Errorf("write script: %w", err)
	}
	return true, nil
}

// act has the service do something by do, which only root may.
func (i *initd) act(verb string, do func() error) error {
	if err := needRoot(verb); err != nil {
		return err
	}
	if !exists(initdFile) {
		return ErrNotInstalled
	}
	return do()
}

// started has the agent started by do, and waits until it answers.
func (i *initd) started(ctx context.Context, do func() error) error {
	began := time.Now()
	if keeper() != 0 {
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	return recordsOf(i.o.Paths).await(ctx, began, func() bool { return keeper() != 0 }, i.o.Paths.LogFile())
}

// keeper is the process that supervises the agent, 0 if none does.
func keeper() int {
	data, err := os.ReadFile(initdPID)
	if err != nil {
		return 0
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && serves(pid) {
		return pid
	}
	return 0
}

// serves says whether a process is one of the service.
func serves(pid int) bool {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && strings.Contains(string(line), "\x00run\x00--service\x00")
}

// describe is what is known of the service, where system is what runs it.
func (i *initd) describe(system string, enabled bool) (Status, error) {
	st := Status{System: system, State: StateStopped, Enabled: enabled, Definition: initdFile, Log: i.o.Paths.LogFile()}
	script, err := os.ReadFile(initdFile)
	if errors.Is(err, fs.ErrNotExist) {
		st.Definition, st.Enabled = "", false
		return st, nil
	}
	if err != nil {
		return st, fmt.Errorf("read script: %w", err)
	}
	st.Installed = true
	st.Program, st.User = shellValue(string(script), "program"), shellValue(string(script), "account")
	recordsOf(i.o.Paths).tell(&st, keeper(), serves)
	return st, nil
}

// removeScript removes the script.
func removeScript() error {
	if err := os.Remove(initdFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove script: %w", err)
	}
	return nil
}

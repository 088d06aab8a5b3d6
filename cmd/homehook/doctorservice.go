package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"homehook/agent/control"
	"homehook/service"
)

const (
	checkService = "service"

	// logLimit is the time that the system gets to show a log, lastLines how
	// much of one is shown.
	logLimit  = 5 * time.Second
	lastLines = 300
	lastBytes = 128 << 10
)

// serviceFor is what the system says of the agent's service; nil with the reason
// where that is not known.
func (a *app) serviceFor(ctx context.Context) (*service.Status, error) {
	if a.services == nil {
		return nil, errors.New("there is no system to ask")
	}
	scope := service.User
	if a.system {
		scope = service.System
	}
	st, err := a.services(ctx, scope)
	if err != nil {
		return nil, err
	}
	return &st, nil
}

// serviceStatus asks the system about a service.
func serviceStatus(ctx context.Context, scope service.Scope) (service.Status, error) {
	s, err := service.New(service.Options{Scope: scope})
	if err != nil {
		return service.Status{}, err
	}
	return s.Status(ctx)
}

// starter is the command that starts an agent which does not run.
func (a *app) starter(ctx context.Context, st *service.Status) string {
	switch {
	case st != nil && st.Installed:
		return "homehook service start"
	case st != nil && a.machineHas(ctx):
		return "homehook run; or look at that of the machine with: " + a.ofTheMachine()
	}
	return "homehook run"
}

// elsewhere has it be no problem that no agent of a user runs who has never had one,
// such as root, where the machine has one.
func (a *app) elsewhere(ctx context.Context, p service.Paths, v *visit) {
	first := &v.checkup.Findings[0]
	if first.State != control.FindingProblem || v.service == nil || v.service.Installed || os.Getenv("HOMEHOOK_HOME") != "" || !a.machineHas(ctx) {
		return
	}
	if _, err := os.Stat(p.Config); errors.Is(err, fs.ErrNotExist) {
		first.State = control.FindingSkipped
		first.Text, first.Remedy = "this user runs no agent, but the machine has one", "look at that with: "+a.ofTheMachine()
	}
}

// ofTheMachine is the command that looks at the system's agent.
func (*app) ofTheMachine() string {
	if os.Geteuid() > 0 {
		return "sudo homehook doctor --system"
	}
	return "homehook doctor --system"
}

// commands are those of ours in a remedy, each with what is before it: a path that
// ends like one is none.
var commands = regexp.MustCompile(`(^|[^\w./-])(?:sudo )?homehook (\w+)`)

// sameAgent has the commands in remedies mean the agent that was looked at.
func (a *app) sameAgent(found []control.Finding) {
	for i := range found {
		found[i].Remedy = a.ours(found[i].Remedy)
	}
}

// ours has the commands in a text mean the agent that this one was about.
func (a *app) ours(text string) string {
	if !a.system || strings.Contains(text, "--system") {
		return text
	}
	if os.Geteuid() > 0 {
		return commands.ReplaceAllString(text, "${1}sudo homehook --system $2")
	}
	return commands.ReplaceAllString(text, "${1}homehook --system $2")
}

// serviceFindings says how the agent's service is. runs says whether the agent
// does, as a service or otherwise.
func (a *app) serviceFindings(ctx context.Context, st *service.Status, unknown error, runs bool) []control.Finding {
	tell := func(state, text, remedy string) []control.Finding {
		return []control.Finding{{Check: checkService, State: state, Text: text, Remedy: remedy}}
	}
	install := func(text string) []control.Finding {
		found := tell(control.FindingWarning, text, "have it run by itself: homehook service install")
		found[0].Action.Kind = control.ActionServiceAdd
		return found
	}
	switch {
	case a.services == nil:
		return nil
	case st == nil:
		return tell(control.FindingSkipped, "nothing is known of a service: "+unknown.Error(), "")
	case !st.Installed && os.Getenv("HOMEHOOK_HOME") != "":
		return tell(control.FindingSkipped, "the agent is no service of "+st.System+", as HOMEHOOK_HOME is set for an agent that is carried along", "")
	case !st.Installed && a.machineHas(ctx):
		return tell(control.FindingSkipped, "this user has no service, but the machine has one; look at it with: homehook doctor --system", "")
	case !st.Installed && runs:
		return install("the agent runs, but is no service of " + st.System + ": it ends with the session that it was started in")
	case !st.Installed:
		return install("the agent is no service of " + st.System + ", so nothing starts it")
	}
	found := installedFindings(st, runs)
	if path := st.Config; a.system && st.User != "" && !readableBy(path, st.User) {
		found = append(found, control.Finding{
			Check: "permissions", Subject: path, State: control.FindingProblem,
			Text:   fmt.Sprintf("%s cannot be read by %s, which the service runs as", path, st.User),
			Remedy: fmt.Sprintf("run: sudo chgrp %s %s && sudo chmod 640 %s", st.User, path, path),
		})
	}
	for _, n := range st.Notes {
		found = append(found, tell(control.FindingWarning, n.Text, n.Remedy)...)
	}
	return found
}

// machineHas reports whether the machine has a service where the user has none.
func (a *app) machineHas(ctx context.Context) bool {
	if a.system {
		return false
	}
	st, err := a.services(ctx, service.System)
	return err == nil && st.Installed
}

// installedFindings says how a service is that the system knows.
func installedFindings(st *service.Status, runs bool) (found []control.Finding) {
	tell := func(state, text, remedy string) {
		found = append(found, control.Finding{Check: checkService, State: state, Text: text, Remedy: remedy})
	}
	last := ""
	if st.LastExit != "" {
		last = "; it ended last with: " + st.LastExit
	}
	switch {
	case st.State == service.StateRunning:
		tell(control.FindingOK, fmt.Sprintf("runs as %s by %s, pid %d", st.User, st.System, st.PID), "")
	case st.State == service.StateFailed:
		tell(control.FindingProblem, "the service has failed and is not started again"+last, "see why: "+st.Log+"; put that right, then run: homehook service start")
	case st.State == service.StateStarting:
		tell(control.FindingWarning, "the service is starting"+last, "wait a moment; if it stays so, see why: "+st.Log)
	case runs:
		tell(control.FindingWarning, "the service is stopped, and the agent runs without it", "end that agent, then run: homehook service start")
	default:
		tell(control.FindingProblem, "the service is stopped"+last, "run: homehook service start")
		found[0].Action.Kind = control.ActionServiceStart
	}
	if !st.Enabled {
		tell(control.FindingWarning, "the service does not start by itself", "run: homehook service install")
		found[len(found)-1].Action.Kind = control.ActionServiceAdd
	}
	if self, err := os.Executable(); err == nil && st.Program != "" && !sameFile(self, st.Program) {
		tell(control.FindingWarning, "the service runs "+st.Program+", and this is "+self, "to have it run this one: homehook service install")
	}
	return found
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// lastLog is the end of the log of a service, as far as the system shows it.
func (a *app) lastLog(ctx context.Context, st *service.Status) []string {
	if st == nil || !st.Installed || st.Log == "" {
		return nil
	}
	if filepath.IsAbs(st.Log) {
		return lastOf(tailOf(st.Log))
	}
	argv := strings.Fields(st.Log)
	if filepath.Base(argv[0]) != "journalctl" {
		return nil // for a person to look at
	}
	ctx, cancel := context.WithTimeout(ctx, logLimit)
	defer cancel()
	argv = append(slices.DeleteFunc(argv[1:], func(s string) bool { return s == "-f" || s == "--follow" }), "--no-pager", "--quiet", fmt.Sprintf("--lines=%d", lastLines))
	out, err := exec.CommandContext(ctx, "journalctl", argv...).Output()
	if err != nil {
		return nil
	}
	return lastOf(out)
}

// tailOf reads the end of a service's log, nothing where that cannot be read.
func tailOf(path string) []byte {
	f, err := service.OpenLog(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > lastBytes {
		_, err = f.Seek(-lastBytes, io.SeekEnd)
		if err != nil {
			return nil
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, lastBytes))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return text
}

// lastOf are the last lines of a text.
func lastOf(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return lines[max(0, len(lines)-lastLines):]
}

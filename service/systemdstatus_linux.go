package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// properties are what systemd knows of a unit.
type properties map[string]string

// asked are the properties that a status is made of.
var asked = []string{
	"LoadState", "LoadError", "ActiveState", "SubState", "UnitFileState", "FragmentPath", "NeedDaemonReload", "User", "ExecStart",
	"MainPID", "NRestarts", "Result", "ExecMainCode", "ExecMainStatus", "ExecMainStartTimestamp", "ExecMainExitTimestamp",
}

// show asks systemd for the unit, which may be one that it does not have.
func (s *systemd) show(ctx context.Context) (properties, error) {
	if s.away != nil {
		return nil, s.away
	}
	out, err := systemctl(ctx, s.o.Scope, "show", unitName, "--property="+strings.Join(asked, ","))
	if err != nil {
		return nil, err
	}
	p := make(properties)
	for line := range strings.Lines(out) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			p[name] = value
		}
	}
	return p, nil
}

// installed says whether the service is there. The unit of a package is there for
// everybody, and stands for a service where somebody has enabled or started it.
func (p properties) installed() bool {
	if p["FragmentPath"] == "" || p["LoadState"] == "masked" {
		return false
	}
	return !packaged(p["FragmentPath"]) || p.enabled() || p.state() != StateStopped
}

// errMasked is the error for a unit that somebody has told systemd never to start.
var errMasked = errors.New("systemd was told never to start it")

// masked returns errMasked with the remedy, where it is so.
func (p properties) masked(scope Scope) error {
	if p["LoadState"] != "masked" {
		return nil
	}
	return fmt.Errorf("%w; %s", errMasked, unmask(scope))
}

// unmask says how that is taken back.
func unmask(scope Scope) string {
	if scope == User {
		return "to take that back, run: systemctl --user unmask " + serviceName
	}
	return "to take that back, run: sudo systemctl unmask " + serviceName
}

// enabled says whether the service starts by itself.
func (p properties) enabled() bool { return strings.HasPrefix(p["UnitFileState"], "enabled") }

// definition is the file of the unit.
func (p properties) definition() string { return p["FragmentPath"] }

// state is one of the states of a service.
func (p properties) state() string {
	switch p["ActiveState"] {
	case "active", "reloading", "refreshing":
		return StateRunning
	case "activating":
		return StateStarting
	case "failed":
		return StateFailed
	}
	return StateStopped // or about to be
}

// at is the time that a property holds, zero if it holds none.
func (p properties) at(name string) time.Time {
	t, err := time.Parse("Mon 2006-01-02 15:04:05 MST", p[name])
	if err != nil {
		return time.Time{}
	}
	return t
}

func (p properties) number(name string) int {
	n, err := strconv.Atoi(p[name])
	if err != nil {
		return 0
	}
	return n
}

// program is the path in a property such as
// "{ path=/usr/bin/homehook ; argv[]=... }".
func (p properties) program() string {
	_, rest, _ := strings.Cut(p["ExecStart"], "path=")
	path, _, _ := strings.Cut(rest, " ; ")
	return path
}

// ended says in words how a process ended, with how and code as systemd gives
// them, and when.
func ended(how, code, result string, when time.Time) string {
	n, err := strconv.Atoi(code)
	var words string
	switch {
	case result == "watchdog":
		words = "ended by systemd, since it no longer answered"
	case result == "timeout":
		words = "ended by systemd, since it took too long"
	case how == "exited" && n == ExitConfig:
		words = fmt.Sprintf("exit code %d, since %v", n, ErrRefused)
	case how == "exited":
		words = "exit code " + code
	case err == nil && unix.SignalName(syscall.Signal(n)) != "":
		words = "ended by " + unix.SignalName(syscall.Signal(n))
	default:
		words = "ended by signal " + code
	}
	return words + ", " + when.Local().Format(time.DateTime)
}

// refused says whether the agent has ended because it must not run like this.
func (p properties) refused() bool {
	return p["ExecMainCode"] == "1" && p.number("ExecMainStatus") == ExitConfig
}

// lastExit says in words how the service ended, if that is since it was started
// last.
func (p properties) lastExit() string {
	when := p.at("ExecMainExitTimestamp")
	if when.IsZero() {
		return ""
	}
	how := "killed"
	if p["ExecMainCode"] == "1" { // CLD_EXITED
		how = "exited"
	}
	return ended(how, p["ExecMainStatus"], p["Result"], when)
}

// processExit is the id of the journal's messages about a unit's process that
// ended otherwise than well.
const processExit = "98e322203f7a4ed290d09fe03c09fe15"

// journalLimit is what the journal gets to find a message.
const journalLimit = 2 * time.Second

// loggedExit says in words how the service ended last before it was started
// again, if the journal knows and may be read.
func (s *systemd) loggedExit(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, journalLimit)
	defer cancel()
	args := []string{"--unit", unitName, "MESSAGE_ID=" + processExit, "--lines=1", "--output=json", "--no-pager", "--quiet"}
	if s.o.Scope == User {
		args = append([]string{"--user"}, args...)
	}
	out, err := command(ctx, "journalctl", args...)
	if err != nil {
		return ""
	}
	var entry struct {
		How  string `json:"EXIT_CODE"`
		Code string `json:"EXIT_STATUS"`
		When string `json:"__REALTIME_TIMESTAMP"` // microseconds
	}
	if json.Unmarshal([]byte(out), &entry) != nil {
		return "" // there is none
	}
	us, err := strconv.ParseInt(entry.When, 10, 64)
	if err != nil {
		return ""
	}
	return ended(entry.How, entry.Code, "", time.UnixMicro(us))
}

func (s *systemd) status(ctx context.Context) (Status, error) {
	if s.away != nil {
		return s.asleep(), nil
	}
	now, err := s.show(ctx)
	if err != nil {
		return Status{}, err
	}
	st := Status{
		System: "systemd", Installed: now.installed(), State: now.state(), User: now["User"],
		Definition: now.definition(), Log: s.log(),
	}
	if s.o.Scope == User {
		st.User = userName()
	}
	if err := now.masked(s.o.Scope); err != nil {
		st.Notes = []Note{{errMasked.Error(), unmask(s.o.Scope)}}
	}
	if !st.Installed {
		return st, nil
	}
	st.Enabled = now.enabled()
	st.Program = now.program()
	st.Restarts = now.number("NRestarts")
	if st.PID = now.number("MainPID"); st.PID != 0 {
		st.Started = now.at("ExecMainStartTimestamp")
	}
	if st.LastExit = now.lastExit(); st.LastExit == "" && st.Restarts > 0 {
		st.LastExit = s.loggedExit(ctx)
	}
	st.Notes = s.notes(now, st)
	return st, nil
}

// changedSince says whether a file has changed, or another one has taken its
// place. The time of its contents says nothing: packages keep that of their making.
func changedSince(path string, t time.Time) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && time.Unix(st.Ctim.Unix()).After(t)
}

// asleep is the status of a user's service while no manager runs for the user.
func (s *systemd) asleep() Status {
	st := Status{System: "systemd", State: StateStopped, User: userName(), Log: s.log()}
	for _, file := range []string{s.file, "/etc/systemd/user/" + unitName, "/usr/lib/systemd/user/" + unitName} {
		wants := filepath.Join(filepath.Dir(s.file), "default.target.wants", unitName)
		if exists(file) && (file == s.file || exists(wants)) {
			st.Installed, st.Enabled, st.Definition = true, exists(wants), file
			break
		}
	}
	st.Notes = []Note{{errNoManager.Error(), wake()}}
	return st
}

// notes are what a person should know of the service.
func (s *systemd) notes(now properties, st Status) (notes []Note) {
	again := "homehook service install"
	if s.o.Scope == System {
		again += " --system"
	}
	if s.o.Scope == User && !lingers() {
		notes = append(notes, Note{
			fmt.Sprintf("it runs only while %s is signed in", st.User),
			"for always: " + again + " --linger",
		})
	}
	if !st.Enabled {
		notes = append(notes, Note{"it does not start by itself", again})
	}
	if now["NeedDaemonReload"] == "yes" {
		notes = append(notes, Note{"its unit has changed since systemd has read it", again})
	}
	if !st.Started.IsZero() && changedSince(st.Program, st.Started) {
		notes = append(notes, Note{"its program has changed since it was started", strings.Replace(again, "install", "restart", 1)})
	}
	if !exists(st.Program) {
		notes = append(notes, Note{fmt.Sprintf("its program %s is not there", st.Program), again})
	}
	return notes
}

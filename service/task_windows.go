package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// newTask is a user's service.
func newTask(o Options) (system, error) {
	sid, err := currentUser()
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	who, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	t := &task{o: o, user: who.Username, schtasks: filepath.Join(os.Getenv("SystemRoot"), "System32", "schtasks.exe")}
	// All users' tasks are in one folder.
	_, name, ok := strings.Cut(who.Username, `\`)
	if !ok {
		name = who.Username
	}
	t.name = serviceName + "-" + strings.Map(taskLetter, name)
	t.text, t.mark = taskXML(o.Program, sid.String())
	return t, nil
}

// taskLetter leaves out what the name of a task cannot have.
func taskLetter(r rune) rune {
	if strings.ContainsRune(`\/:*?"<>|`, r) {
		return '_'
	}
	return r
}

// task is the agent as a task that starts when its user signs in.
type task struct {
	o        Options
	schtasks string // the scheduler's own command
	user     string
	name     string
	text     string // what the task is to be
	mark     string // by which that is found in what the scheduler prints
}

var _ system = (*task)(nil)

// ask has the task scheduler do something with the task.
func (t *task) ask(ctx context.Context, verb string, args ...string) (string, error) {
	return command(ctx, t.schtasks, append([]string{verb, "/TN", t.name}, args...)...)
}

// query is the task as the scheduler prints it, and whether there is one.
func (t *task) query(ctx context.Context) (string, bool) {
	out, err := t.ask(ctx, "/Query", "/XML", "ONE")
	out = strings.ReplaceAll(out, "\x00", "") // whichever encoding it is in
	return out, err == nil && strings.Contains(out, "<Task")
}

func (t *task) install(ctx context.Context) (bool, error) {
	if err := knownToTasks(homeVariable); err != nil {
		return false, err
	}
	if err := t.o.Paths.Make(); err != nil {
		return false, err
	}
	if now, ok := t.query(ctx); ok && strings.Contains(now, t.mark) && !taskDisabled(now) {
		return false, nil
	}
	f, err := os.CreateTemp(t.o.Paths.State, "task-*.xml")
	if err != nil {
		return false, fmt.Errorf("write task: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(utf16File(t.text))
	if err := errors.Join(err, f.Close()); err != nil {
		return false, fmt.Errorf("write task: %w", err)
	}
	if _, err := t.ask(ctx, "/Create", "/XML", f.Name(), "/F"); err != nil {
		return false, fmt.Errorf("make task: %w", err)
	}
	return true, nil
}

// knownToTasks refuses a variable that is this process's alone: the scheduler
// starts programs with the user's own ones.
func knownToTasks(name string) error {
	v := os.Getenv(name)
	if v == "" {
		return nil
	}
	key, err := registry.OpenKey(registry.CURRENT_USER, "Environment", registry.QUERY_VALUE)
	if err == nil {
		defer key.Close()
		if set, _, err := key.GetStringValue(name); err == nil && strings.EqualFold(set, v) {
			return nil
		}
	}
	return fmt.Errorf(`%s is set here and not for the service; set it for all your programs with: setx %s "%s"`, name, name, v)
}

func (t *task) uninstall(ctx context.Context) error {
	if _, ok := t.query(ctx); !ok {
		return nil
	}
	if err := t.stop(ctx); err != nil {
		return err
	}
	if _, err := t.ask(ctx, "/Delete", "/F"); err != nil {
		return fmt.Errorf("remove task: %w", err)
	}
	return nil
}

func (t *task) start(ctx context.Context) error {
	if _, ok := t.query(ctx); !ok {
		return ErrNotInstalled
	}
	if t.keeper() != 0 {
		return nil
	}
	began := time.Now()
	if _, err := t.ask(ctx, "/Run"); err != nil {
		return fmt.Errorf("start task: %w", err)
	}
	// The scheduler takes its time.
	running := func() bool { return t.keeper() != 0 || time.Since(began) < taskPatience }
	return recordsOf(t.o.Paths).await(ctx, began, running, t.o.Paths.LogFile())
}

// taskPatience is how long the scheduler may take to start a program.
const taskPatience = 10 * time.Second

// keeper is the process that supervises the agent, 0 if none does.
func (t *task) keeper() int {
	rec, err := recordsOf(t.o.Paths).read()
	if err != nil || !t.serves(rec.Keeper) {
		return 0
	}
	return rec.Keeper
}

// serves says whether a process runs the program of the service. Ids are given
// anew soon, to programs of all kinds.
func (t *task) serves(pid int) bool {
	image := imageOf(pid)
	return image != "" && strings.EqualFold(filepath.Base(image), filepath.Base(t.o.Program))
}

// imageOf is the program of a process that runs, "" if there is none or it is
// another user's.
func imageOf(pid int) string {
	if pid <= 0 {
		return ""
	}
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(h)
	if ended, err := windows.WaitForSingleObject(h, 0); err != nil || ended == windows.WAIT_OBJECT_0 {
		return ""
	}
	name := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(name))
	if err := windows.QueryFullProcessImageName(h, 0, &name[0], &n); err != nil {
		return ""
	}
	return windows.UTF16ToString(name[:n])
}

// stop asks the agent to end, and has the scheduler end what does not.
func (t *task) stop(ctx context.Context) error {
	if _, ok := t.query(ctx); !ok {
		return ErrNotInstalled
	}
	if t.keeper() == 0 {
		return nil
	}
	asked := signalStop(t.o.Paths)
	for end := time.Now().Add(killAfter + time.Second); asked == nil && time.Now().Before(end); {
		if t.keeper() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(awaitEvery):
		}
	}
	if _, err := t.ask(ctx, "/End"); err != nil {
		return fmt.Errorf("end task: %w", err)
	}
	return nil
}

func (t *task) restart(ctx context.Context) error { return again(ctx, t) }

func (t *task) status(ctx context.Context) (Status, error) {
	st := Status{System: "windows-task", State: StateStopped, Log: t.o.Paths.LogFile()}
	now, ok := t.query(ctx)
	if !ok {
		return st, nil
	}
	st.Installed, st.Enabled, st.Definition = true, !taskDisabled(now), t.name
	st.User, st.Program = t.user, taskCommand(now)
	if strings.Contains(now, t.mark) {
		st.Program = t.o.Program // the scheduler's command knows no letters beyond its code page
	}
	recordsOf(t.o.Paths).tell(&st, t.keeper(), t.serves)
	st.Notes = append(st.Notes, Note{
		Text:   "it runs while its user is signed in",
		Remedy: "for a service that always runs, as administrator: homehook service install --system",
	})
	return st, nil
}

package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	kardianos "github.com/kardianos/service"
)

// unitName is what systemd knows the service by.
const unitName = serviceName + ".service"

// systemd is a unit of systemd: of the system's manager, or of the user's.
type systemd struct {
	o    Options
	unit string   // what the unit has to say
	file string   // where a unit of ours is; a package has its own elsewhere
	with []string // variables that the unit sets
	away error    // why there is no manager to ask; nil if there is one
	lib  kardianos.Service
}

var _ system = (*systemd)(nil)

// newSystemd is the service where systemd runs the machine.
func newSystemd(o Options) (system, error) {
	s := &systemd{o: o, file: "/etc/systemd/system/" + unitName}
	if o.Scope == User {
		s.away = reachUserManager()
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, missing("HOME")
		}
		s.file = filepath.Join(home, ".config", "systemd", "user", unitName)
		s.with = chosenFolders(os.Getenv)
	}
	s.unit = unit(o, s.with)
	chosen, err := systemOf("linux-systemd")
	if err != nil {
		return nil, err
	}
	s.lib, err = chosen.New(nil, &kardianos.Config{
		Name: serviceName, DisplayName: "Homehook", Executable: o.Program,
		Option: kardianos.KeyValue{"UserService": o.Scope == User, "SystemdScript": s.unit},
	})
	return s, err
}

// systemOf is one of the kinds of service manager that the library knows.
func systemOf(name string) (kardianos.System, error) {
	for _, s := range kardianos.AvailableSystems() {
		if s.String() == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the library of services does not know %s", name)
}

// chosenFolders are the variables that put a user's files elsewhere than usual.
// The service gets them too, or it would look for its files in other places than
// the command line.
func chosenFolders(getenv func(string) string) (set []string) {
	for _, name := range []string{homeVariable, "XDG_CONFIG_HOME", "XDG_STATE_HOME"} {
		if v := getenv(name); filepath.IsAbs(v) {
			set = append(set, name+"="+v)
		}
	}
	return set
}

func (s *systemd) install(ctx context.Context) (changed bool, err error) {
	if s.away != nil {
		return false, s.away
	}
	if err := s.prepare(ctx); err != nil {
		return false, err
	}
	now, err := s.show(ctx)
	if err == nil {
		err = now.masked(s.o.Scope)
	}
	if err != nil {
		return false, err
	}
	if lingers, err := s.linger(ctx); err != nil {
		return false, err
	} else if lingers {
		changed = true
	}
	fits, err := s.fits(now)
	if err != nil {
		return false, err
	}
	if !fits {
		return true, s.define(ctx)
	}
	if now.enabled() {
		return changed, nil
	}
	_, err = systemctl(ctx, s.o.Scope, "enable", unitName)
	return true, err
}

// fits says whether the unit that is there does what is asked for. That of a
// package may differ in its wording, which comes and goes with the package.
func (s *systemd) fits(now properties) (bool, error) {
	file := now.definition()
	if file == "" {
		return false, nil
	}
	if packaged(file) {
		asked := s.o.Scope == User || now["User"] == s.o.account()
		return asked && now.program() == s.o.Program && len(s.with) == 0, nil
	}
	have, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("read unit: %w", err)
	}
	return string(have) == s.unit, nil
}

// prepare makes what the unit names: its account and its folders.
func (s *systemd) prepare(ctx context.Context) error {
	if s.o.Scope == User {
		return s.o.Paths.Make()
	}
	if err := needRoot("install"); err != nil {
		return err
	}
	a, err := s.o.makeAccount(ctx)
	if err != nil {
		return err
	}
	return a.own(s.o.Paths)
}

// define writes the unit, in the place of another one of ours.
func (s *systemd) define(ctx context.Context) error {
	if err := os.Remove(s.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace unit: %w", err)
	}
	// The library would make them open to all, where the umask lets it.
	if err := os.MkdirAll(filepath.Dir(s.file), 0o755); err != nil {
		return fmt.Errorf("make folder of unit: %w", err)
	}
	// The library enables the unit before systemd has read it, and then systemd
	// may still know the one before.
	return errors.Join(s.lib.Install(), s.reload(ctx))
}

func (s *systemd) reload(ctx context.Context) error {
	_, err := systemctl(ctx, s.o.Scope, "daemon-reload")
	return err
}

func (s *systemd) uninstall(ctx context.Context) error {
	if s.o.Scope == System {
		if err := needRoot("uninstall"); err != nil {
			return err
		}
	}
	now, err := s.show(ctx)
	if err != nil || !now.installed() {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	if now.definition() == s.file {
		if err := s.lib.Uninstall(); err != nil {
			return fmt.Errorf("remove unit: %w", err)
		}
	} else if _, err := systemctl(ctx, s.o.Scope, "disable", unitName); err != nil {
		return err // the unit itself is a package's, which removes it
	}
	// A unit that has failed would be remembered for that.
	_, _ = systemctl(ctx, s.o.Scope, "reset-failed", unitName)
	return nil
}

func (s *systemd) start(ctx context.Context) error   { return s.act(ctx, "start", s.lib.Start) }
func (s *systemd) stop(ctx context.Context) error    { return s.act(ctx, "stop", s.lib.Stop) }
func (s *systemd) restart(ctx context.Context) error { return s.act(ctx, "restart", s.lib.Restart) }

// act has systemd do something with the unit that is there.
func (s *systemd) act(ctx context.Context, verb string, do func() error) error {
	if s.o.Scope == System {
		if err := needRoot(verb); err != nil {
			return err
		}
	}
	now, err := s.show(ctx)
	if err != nil {
		return err
	}
	if err := now.masked(s.o.Scope); err != nil && verb != "stop" {
		return err
	}
	if !now.installed() {
		return ErrNotInstalled
	}
	if err := do(); err == nil {
		return nil
	}
	// What the library says of it is that systemctl has failed.
	if now, err = s.show(ctx); err != nil {
		return err
	}
	if now.refused() {
		return fmt.Errorf("%s service: %w; its log says more: %s", verb, ErrRefused, s.log())
	}
	why := cmp.Or(now["LoadError"], now.lastExit(), "systemd has given up")
	return fmt.Errorf("%s service: %s; its log says more: %s", verb, why, s.log())
}

// log is the command that shows the log of the service.
func (s *systemd) log() string {
	if s.o.Scope == User {
		return "journalctl --user -u " + serviceName
	}
	return "journalctl -u " + serviceName
}

// linger has the user's manager run from the start of the machine, if that is
// asked for and not so already.
func (s *systemd) linger(ctx context.Context) (changed bool, err error) {
	if !s.o.Linger || lingers() {
		return false, nil
	}
	if _, err := command(ctx, "loginctl", "enable-linger"); err != nil {
		return false, fmt.Errorf("let the service run while %s is not signed in: %w; an administrator may: sudo loginctl enable-linger %s", userName(), err, userName())
	}
	return true, nil
}

// lingers says whether the user's services run while the user is signed out.
func lingers() bool { return exists("/var/lib/systemd/linger/" + userName()) }

// userName is the name of the user of this process.
func userName() string {
	if a, err := lookUpID(os.Geteuid()); err == nil {
		return a.name
	}
	return fmt.Sprint(os.Geteuid())
}

// packaged says whether a file is a unit of a package.
func packaged(file string) bool {
	return under(file, "/usr/lib") || under(file, "/lib") || under(file, "/usr/local/lib")
}

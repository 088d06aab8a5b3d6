package service

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed templates/sysv.sh
var sysVScript string

// sysV is a service of SysV's init: a script in /etc/init.d.
type sysV struct{ *initd }

var _ system = (*sysV)(nil)

// newSysV is the service where init runs scripts.
func newSysV(o Options) (system, error) {
	i, err := newInitd(o, sysVScript, "unix-systemv", "SysvScript")
	if err != nil {
		return nil, err
	}
	return &sysV{i}, nil
}

// sysVLinks are the links by which init finds the script at its start and end.
const sysVLinks = "/etc/rc*.d/[SK][0-9][0-9]" + serviceName

func (s *sysV) install(ctx context.Context) (bool, error) {
	changed, err := s.define(ctx)
	if err != nil || !changed && linked() {
		return false, err
	}
	return true, enroll(ctx)
}

// linked says whether init starts the script.
func linked() bool {
	links, err := filepath.Glob("/etc/rc[2-5].d/S[0-9][0-9]" + serviceName)
	return err == nil && len(links) > 0
}

// enroll has the distribution's own tool link the script, which knows the order
// and may keep a list of its own. Without one the library's links are there.
func enroll(ctx context.Context) error {
	for _, c := range [][]string{{"update-rc.d", serviceName, "defaults"}, {"chkconfig", "--add", serviceName}} {
		if _, err := exec.LookPath(c[0]); err == nil {
			_, err := command(ctx, c[0], c[1:]...)
			return err
		}
	}
	if linked() {
		return nil
	}
	for level, link := range map[string]string{"0": "K02", "1": "K02", "2": "S50", "3": "S50", "4": "S50", "5": "S50", "6": "K02"} {
		dir := "/etc/rc" + level + ".d"
		if !exists(dir) {
			continue
		}
		if err := os.Symlink("../init.d/"+serviceName, filepath.Join(dir, link+serviceName)); err != nil {
			return fmt.Errorf("link script: %w", err)
		}
	}
	return nil
}

func (s *sysV) uninstall(ctx context.Context) error {
	if err := needRoot("uninstall"); err != nil {
		return err
	}
	if exists(initdFile) {
		if err := s.stop(ctx); err != nil {
			return err
		}
		if err := removeScript(); err != nil {
			return err
		}
	}
	if _, err := exec.LookPath("update-rc.d"); err == nil {
		if _, err := command(ctx, "update-rc.d", serviceName, "remove"); err != nil {
			return err
		}
	}
	links, err := filepath.Glob(sysVLinks)
	for _, link := range links {
		if err := os.Remove(link); err != nil {
			return fmt.Errorf("remove link: %w", err)
		}
	}
	return err
}

func (s *sysV) start(ctx context.Context) error {
	return s.act("start", func() error {
		return s.started(ctx, func() error { return script(ctx, "start") })
	})
}

func (s *sysV) stop(ctx context.Context) error {
	return s.act("stop", func() error { return script(ctx, "stop") })
}

func (s *sysV) restart(ctx context.Context) error { return again(ctx, s) }

// script runs the script as init does.
func script(ctx context.Context, verb string) error {
	_, err := command(ctx, initdFile, verb)
	return err
}

func (s *sysV) status(context.Context) (Status, error) {
	st, err := s.describe("sysv", linked())
	if first := firstProcess(); st.Installed && first != "init" {
		st.Notes = append(st.Notes, Note{
			Text:   fmt.Sprintf("the first process of this machine is %q, which may run no scripts of /etc/init.d: the service may not start with the machine", first),
			Remedy: "have it run: " + initdFile + " start",
		})
	}
	return st, err
}

// firstProcess is the name of the process that all others come from.
func firstProcess() string {
	name, err := os.ReadFile("/proc/1/comm")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"homehook/gui"
	"homehook/gui/part"
	"homehook/service"
)

// appID names the app to the system: its preferences and its tray icon.
const appID = "org.homehook.desktop"

// flags are those of the command line.
type flags struct {
	tray   bool
	places string
	frames string
}

// readFlags reads them. done says that the program has nothing left to do, and code
// how it ends then.
func readFlags(args []string, out, errs io.Writer) (f flags, code int, done bool) {
	set := flag.NewFlagSet("homehook-desktop", flag.ContinueOnError)
	set.SetOutput(errs)
	set.BoolVar(&f.tray, "tray", false, "start without a window, with an icon in the tray")
	set.StringVar(&f.places, "places", "", "for tests: write what the window shows, and where, to this `file`")
	set.StringVar(&f.frames, "frames", "", "for developers: write how long the window was busy to this `file`, and a profile beside it")
	version := set.Bool("version", false, "print the version and end")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return f, 0, true
	case err != nil:
		return f, 2, true // what is wrong is printed
	case set.NArg() > 0:
		fmt.Fprintf(errs, "homehook: the app takes no arguments, such as %q here; its command line is another program, homehook\n", set.Arg(0))
		return f, 2, true
	case *version:
		fmt.Fprintln(out, "homehook-desktop", buildVersion())
		return f, 0, true
	}
	return f, 0, false
}

// buildVersion is the version of the module as it was built, without the v.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

// options are what the app is run with on this system.
func options(f flags) (gui.Options, error) {
	p, err := service.UserPaths()
	if err != nil {
		return gui.Options{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return gui.Options{}, fmt.Errorf("find this program: %w", err)
	}
	return gui.Options{
		Socket: p.Socket(), Instance: instancePath(p), Host: &host{paths: p, self: self},
		Version: buildVersion(), Tray: f.tray, Places: f.places, Frames: f.frames,
	}, nil
}

// instancePath is where the app of this user listens for a second start.
func instancePath(p service.Paths) string {
	if runtime.GOOS == "windows" {
		return p.Socket() + "-desktop"
	}
	return filepath.Join(p.Runtime, "desktop.sock")
}

// host is this system as the app uses it.
type host struct {
	paths service.Paths
	self  string // the path of this program
}

var _ part.Host = (*host)(nil)

// program is the path of the agent's program: the one beside this one or, without
// that, the one on the search path.
func (h *host) program() (string, error) {
	name := "homehook"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	folders := []string{filepath.Dir(h.self)}
	if real, err := filepath.EvalSymlinks(h.self); err == nil {
		folders = append(folders, filepath.Dir(real))
	}
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		self, selfErr := os.Stat(h.self)
		if err != nil || !info.Mode().IsRegular() || selfErr == nil && os.SameFile(info, self) {
			continue
		}
		return path, nil
	}
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	return "", fmt.Errorf("the agent's program %s is neither in %s nor on the search path: put it beside this app, or install Homehook again", name, filepath.Dir(h.self))
}

// service is that of the user.
func (h *host) service() (*service.Service, error) {
	program, err := h.program()
	if err != nil {
		return nil, err
	}
	return service.New(service.Options{Scope: service.User, Program: program, Paths: h.paths})
}

// Service says how the service is doing. Where none can be had, System is empty.
func (h *host) Service(ctx context.Context) (part.ServiceState, error) {
	none := part.ServiceState{Config: h.paths.Config}
	s, err := service.New(service.Options{Scope: service.User, Paths: h.paths})
	if err != nil {
		none.Notes = []part.ServiceNote{{Text: err.Error()}}
		return none, nil
	}
	st, err := s.Status(ctx)
	if err != nil {
		return none, err
	}
	state := part.ServiceState{
		System: st.System, Installed: st.Installed, Enabled: st.Enabled, State: st.State,
		Program: st.Program, Config: cmp.Or(st.Config, h.paths.Config), Log: st.Log,
	}
	for _, n := range st.Notes {
		state.Notes = append(state.Notes, part.ServiceNote{Text: n.Text, Remedy: n.Remedy})
	}
	return state, nil
}

// InstallService has the agent start when the user signs in.
func (h *host) InstallService(ctx context.Context) error {
	s, err := h.service()
	if err != nil {
		return err
	}
	if err := h.paths.Make(); err != nil {
		return err
	}
	_, err = s.Install(ctx)
	return err
}

// StartService starts it.
func (h *host) StartService(ctx context.Context) error {
	return h.with(ctx, (*service.Service).Start)
}

// StopService ends it.
func (h *host) StopService(ctx context.Context) error { return h.with(ctx, (*service.Service).Stop) }

// RestartService ends and starts it.
func (h *host) RestartService(ctx context.Context) error {
	return h.with(ctx, (*service.Service).Restart)
}

// UninstallService ends it and has it start no more.
func (h *host) UninstallService(ctx context.Context) error {
	return h.with(ctx, (*service.Service).Uninstall)
}

func (h *host) with(ctx context.Context, do func(*service.Service, context.Context) error) error {
	s, err := h.service()
	if err != nil {
		return err
	}
	return do(s, ctx)
}

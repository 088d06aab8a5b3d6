package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"homehook/service"
)

func TestReadFlags(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want flags
		code int
		done bool
		says string
	}{
		"none":     {nil, flags{}, 0, false, ""},
		"tray":     {[]string{"--tray"}, flags{tray: true}, 0, false, ""},
		"places":   {[]string{"--places", "x.json"}, flags{places: "x.json"}, 0, false, ""},
		"version":  {[]string{"--version"}, flags{}, 0, true, "homehook-desktop "},
		"help":     {[]string{"--help"}, flags{}, 0, true, "-tray"},
		"unknown":  {[]string{"--shiny"}, flags{}, 2, true, "shiny"},
		"argument": {[]string{"status"}, flags{}, 2, true, `"status"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			got, code, done := readFlags(c.args, &out, &out)
			if got != c.want || code != c.code || done != c.done || !strings.Contains(out.String(), c.says) {
				t.Errorf("got %+v, %d, %t and %q", got, code, done, out.String())
			}
		})
	}
}

// testHost is a host whose files, and the system's, are in a folder of the test.
func testHost(t *testing.T) *host {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOMEHOOK_HOME", filepath.Join(home, "hh"))
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	t.Setenv("PATH", filepath.Join(home, "path"))
	p, err := service.UserPaths()
	if err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(home, "app", "homehook-desktop")
	program(t, self)
	return &host{paths: p, self: self}
}

func program(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestAgentsProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("programs are named otherwise there")
	}
	h := testHost(t)
	_, err := h.program()
	if err == nil || !strings.Contains(err.Error(), filepath.Dir(h.self)) || !strings.Contains(err.Error(), "install Homehook again") {
		t.Fatalf("without one: %v", err)
	}
	if err := h.StartAgent(t.Context()); err == nil {
		t.Error("an agent without a program starts")
	}
	if err := h.InstallService(t.Context()); err == nil {
		t.Error("a service without a program is installed")
	}
	onPath := filepath.Join(os.Getenv("PATH"), "homehook")
	program(t, onPath)
	if got, err := h.program(); err != nil || got != onPath {
		t.Errorf("on the search path: %q, %v", got, err)
	}
	beside := filepath.Join(filepath.Dir(h.self), "homehook")
	program(t, beside)
	if got, err := h.program(); err != nil || got != beside {
		t.Errorf("beside the app: %q, %v", got, err)
	}
	// The app itself may have that name: it is not the agent.
	h.self = beside
	if got, err := h.program(); err != nil || got != onPath {
		t.Errorf("where the app has its name: %q, %v", got, err)
	}
}

func TestAgentThatEndsAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	h := testHost(t)
	agent := filepath.Join(filepath.Dir(h.self), "homehook")
	program(t, agent)
	if err := os.WriteFile(agent, []byte("#!/bin/sh\necho no luck with \"$1\" >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := h.StartAgent(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no luck with run") || !strings.Contains(err.Error(), "agent.log") {
		t.Errorf("got %v", err)
	}
}

func TestAutostart(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("it would change what starts for whoever runs this")
	}
	h := testHost(t)
	h.self = `/opt/my "home" hook/$x%y`
	for _, on := range []bool{false, true, true, false, false} {
		if err := h.SetAutostart(on); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Autostart(); err != nil || got != on {
			t.Errorf("set to %t it is %t, %v", on, got, err)
		}
	}
	if err := h.SetAutostart(true); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "autostart", "homehook.desktop")
	text, err := os.ReadFile(path)
	if want := `Exec=env "HOMEHOOK_HOME=` + os.Getenv("HOMEHOOK_HOME") + `" "/opt/my \\"home\\" hook/\\$x%%y" --tray` + "\n"; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("the entry is %s, %v; want %s in it", text, err, want)
	}
	off := append(text, "Hidden=true\n"...)
	if err := os.WriteFile(path, off, 0o600); err != nil {
		t.Fatal(err)
	}
	if on, err := h.Autostart(); err != nil || on {
		t.Errorf("turned off by the desktop it is %t, %v", on, err)
	}
}

// A name that would end the line of the entry is refused, and a link is not followed.
func TestAutostartKeepsToItsFile(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("there are no desktop entries")
	}
	h := testHost(t)
	self := h.self
	h.self = "/opt/a\nExec=/opt/other"
	if err := h.SetAutostart(true); err == nil {
		t.Error("a line break is taken")
	}
	h.self = self
	path := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "autostart", "homehook.desktop")
	other := filepath.Join(t.TempDir(), "other")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(other, []byte("mine"), 0o600), os.Symlink(other, path)); err != nil {
		t.Fatal(err)
	}
	if err := h.SetAutostart(true); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(other); string(text) != "mine" {
		t.Errorf("the file behind a link is %q", text)
	}
}

func TestInstancePath(t *testing.T) {
	h := testHost(t)
	if runtime.GOOS == "windows" {
		t.Skip("pipes have no folder")
	}
	if got, want := filepath.Dir(instancePath(h.paths)), filepath.Dir(h.paths.Socket()); got != want {
		t.Errorf("the app listens in %s, the agent in %s", got, want)
	}
}

func TestLastWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if got := lastWords(path); got != "" {
		t.Errorf("of no file: %q", got)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("a line\n", 500)+"the end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := lastWords(path); !strings.HasPrefix(got, ":\na line\n") || !strings.HasSuffix(got, "\nthe end") || len(got) > maxTold+2 {
		t.Errorf("got %q", got)
	}
}

func TestDisplay(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("there is one always")
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if err := display(); err == nil || !strings.Contains(err.Error(), "DISPLAY") {
		t.Errorf("without a display: %v", err)
	}
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("WAYLAND_DISPLAY", "wayland-0")
	if err := display(); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("with one that nobody listens at: %v", err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "wayland-0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := display(); err != nil {
		t.Errorf("with one: %v", err)
	}
}

func TestOptions(t *testing.T) {
	h := testHost(t)
	o, err := options(flags{tray: true, places: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Socket != h.paths.Socket() || o.Instance != instancePath(h.paths) || !o.Tray || o.Places != "x" || o.Version == "" {
		t.Errorf("got %+v", o)
	}
	t.Setenv("HOMEHOOK_HOME", "/"+strings.Repeat("long/", 60))
	if _, err := options(flags{}); runtime.GOOS != "windows" && err == nil {
		t.Error("a socket whose path is too long is not refused")
	}
}

// What packages the app knows it by the same name as the app itself.
func TestPackagedName(t *testing.T) {
	text, err := os.ReadFile("FyneApp.toml")
	if err != nil || !strings.Contains(string(text), `ID = "`+appID+`"`) {
		t.Errorf("FyneApp.toml does not have the ID %s: %v", appID, err)
	}
}

//go:build unix && !darwin

package service

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocket is the size of a socket address less the byte that ends it.
const maxSocket = 107

// platformPaths follows the XDG base directory rules. There is no runtime
// folder outside of a login session; then the socket lies under the state.
func platformPaths(getenv func(string) string) (Paths, error) {
	home := absolute(getenv, "HOME")
	base := func(name string, below ...string) string {
		if dir := absolute(getenv, name); dir != "" || home == "" {
			return dir
		}
		return filepath.Join(append([]string{home}, below...)...)
	}
	config := base("XDG_CONFIG_HOME", ".config")
	state := base("XDG_STATE_HOME", ".local", "state")
	if config == "" || state == "" {
		return Paths{}, missing("HOME")
	}
	p := Paths{
		Config: filepath.Join(config, "homehook", "config.yaml"),
		State:  filepath.Join(state, "homehook"),
	}
	p.Runtime = filepath.Join(p.State, "run")
	if dir := absolute(getenv, "XDG_RUNTIME_DIR"); dir != "" {
		p.Runtime = filepath.Join(dir, "homehook")
	}
	return p, nil
}

func systemPaths() Paths {
	return Paths{Config: "/etc/homehook/config.yaml", State: "/var/lib/homehook", Runtime: "/run/homehook"}
}

// environment is that of this process, with the runtime folder that the user
// has: the environment of cron, su or sudo does not name it, and the agent of a
// user who lingers has its socket there.
func environment(name string) string {
	v := os.Getenv(name)
	if v == "" && name == "XDG_RUNTIME_DIR" {
		return runtimeFolder()
	}
	return v
}

// runtimeFolder is where systemd makes the runtime folder of this process's user,
// or "" if there is none.
func runtimeFolder() string {
	dir := fmt.Sprintf("/run/user/%d", os.Geteuid())
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return ""
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return ""
	}
	return dir
}

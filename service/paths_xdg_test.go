//go:build unix && !darwin

package service

import "testing"

func TestPlatformPaths(t *testing.T) {
	testPlatform(t, []platformCase{
		{
			name: "session",
			env:  map[string]string{"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/1000"},
			want: Paths{"/home/me/.config/homehook/config.yaml", "/home/me/.local/state/homehook", "/run/user/1000/homehook"},
		},
		{
			name: "no session",
			env:  map[string]string{"HOME": "/home/me"},
			want: Paths{"/home/me/.config/homehook/config.yaml", "/home/me/.local/state/homehook", "/home/me/.local/state/homehook/run"},
		},
		{
			name: "all set, no home",
			env:  map[string]string{"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r"},
			want: Paths{"/c/homehook/config.yaml", "/s/homehook", "/r/homehook"},
		},
		{
			name: "relative ones do not count",
			env:  map[string]string{"HOME": "/home/me", "XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "s", "XDG_RUNTIME_DIR": "r"},
			want: Paths{"/home/me/.config/homehook/config.yaml", "/home/me/.local/state/homehook", "/home/me/.local/state/homehook/run"},
		},
		{name: "nothing", err: "set HOME, or HOMEHOOK_HOME for a folder"},
		{name: "relative home", env: map[string]string{"HOME": "me"}, err: "no home folder is known"},
	})
}

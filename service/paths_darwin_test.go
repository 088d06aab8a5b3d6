package service

import "testing"

func TestPlatformPaths(t *testing.T) {
	testPlatform(t, []platformCase{
		{
			name: "home",
			env:  map[string]string{"HOME": "/Users/me"},
			want: Paths{
				"/Users/me/Library/Application Support/Homehook/config.yaml",
				"/Users/me/Library/Application Support/Homehook/state",
				"/Users/me/Library/Application Support/Homehook/run",
			},
		},
		{name: "nothing", err: "set HOME, or HOMEHOOK_HOME for a folder"},
	})
}

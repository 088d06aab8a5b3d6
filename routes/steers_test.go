package routes

import "testing"

// TestSteeringVariables: a value of a request says of none of them what runs.
func TestSteeringVariables(t *testing.T) {
	for name, want := range map[string]bool{
		"DOTNET_STARTUP_HOOKS": true, "VIMINIT": true, "LESSOPEN": true, "NPM_CONFIG_SCRIPT_SHELL": true, "npm_config_prefix": true,
		"R_PROFILE": true, "R_PROFILE_USER": true, "PATH": true, "GIT_SSH_COMMAND": true,
		"REF": false, "BRANCH": false, "RUN": false, "LESSON": false,
	} {
		if got := steersCode(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

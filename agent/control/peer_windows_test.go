package control

import (
	"testing"

	"golang.org/x/sys/windows"
)

// TestIsService holds which owners of a pipe an administrator trusts: those
// that no user can be.
func TestIsService(t *testing.T) {
	tests := map[string]bool{
		"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464": true, // a service's own account
		"S-1-5-19":           true,  // LocalService
		"S-1-5-20":           true,  // NetworkService
		"S-1-5-32-544":       false, // administrators
		"S-1-5-21-1-2-3-500": false, // a user
		"S-1-5-8":            false,
		"S-1-1-0":            false, // everyone
	}
	for text, want := range tests {
		sid, err := windows.StringToSid(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := isService(sid); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

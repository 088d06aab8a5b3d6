package service

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"
)

// TestServiceSID holds the identifier against one that everybody knows.
func TestServiceSID(t *testing.T) {
	want := "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	for _, name := range []string{"TrustedInstaller", "trustedinstaller"} {
		if got := serviceSID(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	got, err := accountSID(systemAccount)
	if err != nil || got != serviceSID(serviceName) {
		t.Errorf("the account of the service is %s, %v", got, err)
	}
	if _, err := windows.StringToSid(got); err != nil {
		t.Errorf("%s is no identifier: %v", got, err)
	}
}

func TestSCMAccount(t *testing.T) {
	tests := []struct{ name, want, err string }{
		{systemAccount, `NT SERVICE\homehook`, ""},
		{"LocalService", `NT AUTHORITY\LocalService`, ""},
		{`nt authority\NetworkService`, `NT AUTHORITY\NetworkService`, ""},
		{`HOME\hooks$`, `HOME\hooks$`, ""},
		{`NT SERVICE\other`, `NT SERVICE\other`, ""},
		{"LocalSystem", "", "does not run as LocalSystem"},
		{`NT AUTHORITY\SYSTEM`, "", "does not run as LocalSystem"},
		{`.\joe`, "", "would want the password"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := scmAccount(tt.name)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestFillSCM(t *testing.T) {
	tests := []struct {
		name string
		p    windows.SERVICE_STATUS_PROCESS
		want Status
	}{
		{"running", windows.SERVICE_STATUS_PROCESS{CurrentState: windows.SERVICE_RUNNING, ProcessId: 7}, Status{State: StateRunning, PID: 7}},
		{"starting", windows.SERVICE_STATUS_PROCESS{CurrentState: windows.SERVICE_START_PENDING, ProcessId: 7}, Status{State: StateStarting, PID: 7}},
		{"stopped", windows.SERVICE_STATUS_PROCESS{CurrentState: windows.SERVICE_STOPPED}, Status{State: StateStopped}},
		{"never started", windows.SERVICE_STATUS_PROCESS{CurrentState: windows.SERVICE_STOPPED, Win32ExitCode: uint32(windows.ERROR_SERVICE_NEVER_STARTED)}, Status{State: StateStopped}},
		{
			"refused",
			windows.SERVICE_STATUS_PROCESS{CurrentState: windows.SERVICE_STOPPED, Win32ExitCode: uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR), ServiceSpecificExitCode: ExitConfig},
			Status{State: StateFailed, LastExit: exitText(ExitConfig)},
		},
		{
			"crashed",
			windows.SERVICE_STATUS_PROCESS{CurrentState: windows.SERVICE_STOPPED, Win32ExitCode: uint32(windows.ERROR_PROCESS_ABORTED)},
			Status{State: StateFailed, LastExit: syscall.Errno(windows.ERROR_PROCESS_ABORTED).Error()},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Status{State: StateStopped}
			fillSCM(&got, tt.p)
			if got.State != tt.want.State || got.PID != tt.want.PID || got.LastExit != tt.want.LastExit {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestProtect holds the access list of a folder: what is asked for, and nothing
// from the folder around it.
func TestProtect(t *testing.T) {
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		t.Skip("Wine keeps modes and not lists")
	}
	dir := shortDir(t)
	user, err := currentUser()
	if err != nil {
		t.Fatal(err)
	}
	if err := protect(dir, "O:"+user.String()+"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;"+user.String()+")"); err != nil {
		t.Fatal(err)
	}
	sd, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint32(dacl.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(dacl, i, &ace); err != nil {
			t.Fatal(err)
		}
		sid := aceSID(ace)
		if !sid.Equals(user) && !sid.IsWellKnown(windows.WinLocalSystemSid) {
			t.Errorf("%s may do %#x", sid, ace.Mask)
		}
	}
}

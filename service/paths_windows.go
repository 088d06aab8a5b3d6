package service

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// maxSocket is 0: the names of pipes here are all of one length.
const maxSocket = 0

// platformPaths keeps the configuration, which may roam, in AppData and all
// else in LocalAppData.
func platformPaths(getenv func(string) string) (Paths, error) {
	roaming, local := absolute(getenv, "APPDATA"), absolute(getenv, "LOCALAPPDATA")
	if roaming == "" || local == "" {
		return Paths{}, missing("APPDATA and LOCALAPPDATA")
	}
	return Paths{
		Config:  filepath.Join(roaming, "Homehook", "config.yaml"),
		State:   filepath.Join(local, "Homehook", "state"),
		Runtime: filepath.Join(local, "Homehook", "run"),
	}, nil
}

// systemPaths asks the system and not the environment, of which services and
// sessions have different ones.
func systemPaths() Paths {
	base, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		base = `C:\ProgramData`
	}
	dir := filepath.Join(base, "Homehook")
	return Paths{
		Config:  filepath.Join(dir, "config.yaml"),
		State:   filepath.Join(dir, "state"),
		Runtime: filepath.Join(dir, "run"),
	}
}

// socketPath is the name of the agent's pipe. The system's agent is the same
// for every user.
func socketPath(p Paths) string {
	owner := "system"
	if p.Runtime != SystemPaths().Runtime {
		if sid, err := currentUser(); err == nil {
			owner = sid.String()
		}
	}
	return pipeName(owner, p.Runtime)
}

// pipeName makes a name that two users or two folders never share. Letters of
// a path count alike in both cases.
func pipeName(owner, runtime string) string {
	sum := sha256.Sum256([]byte(owner + "\x00" + strings.ToLower(filepath.Clean(runtime))))
	return `\\.\pipe\homehook-` + hex.EncodeToString(sum[:16])
}

// currentUser is the security identifier of the user of this process.
func currentUser() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	return user.User.Sid, nil
}

// environment is that of this process.
func environment(name string) string { return os.Getenv(name) }

package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Paths says where one agent has its files.
type Paths struct {
	// Config is the configuration file.
	Config string
	// State is the folder of the history and the credentials.
	State string
	// Runtime is the folder of the control socket.
	Runtime string
}

// homeVariable names the environment variable that puts everything under one
// folder, for portable use and tests.
const homeVariable = "HOMEHOOK_HOME"

// UserPaths gives the paths of the calling user's agent. It makes nothing. The
// error says what is missing from the environment, or that the socket's path
// is too long for the system; it names the variable to set.
func UserPaths() (Paths, error) {
	p, err := userPaths()
	if err != nil {
		return Paths{}, err
	}
	if err := p.checkSocket(); err != nil {
		return Paths{}, err
	}
	return p, nil
}

func userPaths() (Paths, error) {
	home := os.Getenv(homeVariable)
	if home == "" {
		return platformPaths(environment)
	}
	home, err := filepath.Abs(home)
	if err != nil {
		return Paths{}, fmt.Errorf("find %s: %w", homeVariable, err)
	}
	return Paths{
		Config:  filepath.Join(home, "config.yaml"),
		State:   filepath.Join(home, "state"),
		Runtime: filepath.Join(home, "run"),
	}, nil
}

// SystemPaths gives the paths of the agent that runs as a system service.
func SystemPaths() Paths { return systemPaths() }

// History is the database of deliveries and attempts.
func (p Paths) History() string { return filepath.Join(p.State, "history.db") }

// Socket is where the control API listens: a socket in Runtime or, on Windows,
// a named pipe whose name follows from the user and Runtime.
func (p Paths) Socket() string { return socketPath(p) }

// Make creates the folders of p that are missing, for their owner alone. It
// refuses a folder that is a symbolic link, that belongs to another user or in
// which others may write, and says what to do about it: that error is
// [ErrRefused]. Any other, as of a full disk, may pass by itself. A folder of
// state or of the socket that others may only read is closed to them.
func (p Paths) Make() error {
	if err := p.checkSocket(); err != nil {
		return err
	}
	if err := makeFolder(filepath.Dir(p.Config), false); err != nil {
		return err
	}
	if err := makeFolder(p.State, true); err != nil {
		return err
	}
	return makeFolder(p.Runtime, true)
}

// Missing says whether there is no folder of state yet.
func (p Paths) Missing() bool {
	_, err := os.Lstat(p.State)
	return errors.Is(err, fs.ErrNotExist)
}

// makeFolder creates dir, or checks the one that is there. private closes it
// to everyone but its owner.
func makeFolder(dir string, private bool) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createFolder(dir); err == nil {
			info, err = os.Lstat(dir)
		}
	}
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
		return refuse("folder %s is a symbolic link; remove it, or set %s to the folder that is meant", dir, homeVariable)
	}
	if !info.IsDir() {
		return refuse("%s is not a folder; move it away", dir)
	}
	return checkFolder(dir, info, private)
}

// checkSocket refuses a socket path that the system would cut or refuse.
func (p Paths) checkSocket() error {
	socket := p.Socket()
	if maxSocket == 0 || len(socket) <= maxSocket {
		return nil
	}
	return refuse("the path of the control socket is too long (%d bytes, at most %d are possible): %s; set %s to a folder with a shorter path", len(socket), maxSocket, socket, homeVariable)
}

// absolute gives the value of an environment variable if it is an absolute
// path, as the rules for base folders want it, and "" otherwise.
func absolute(getenv func(string) string, name string) string {
	if v := getenv(name); filepath.IsAbs(v) {
		return v
	}
	return ""
}

// missing is the error for an environment without a home folder.
func missing(names ...string) error {
	return fmt.Errorf("no home folder is known: set %s, or %s for a folder of Homehook's own", strings.Join(names, " or "), homeVariable)
}

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"homehook/agent/control"
	"homehook/agent/history"
)

// Free bytes below which a disk is worth a word. The history of a few busy days
// fits into the first; SQLite and its WAL need the second.
const (
	littleSpace = 1 << 30
	noSpace     = 64 << 20
)

// permissions looks at who else may look into the folders of the agent. Files
// in them are looked at where they are read.
func (d *doctor) permissions() {
	if runtime.GOOS == "windows" {
		d.skip(checkPermissions, "", "the folders' access lists are checked when the agent starts")
		return
	}
	dirs := []string{filepath.Dir(d.History)}
	if d.Socket != "" {
		dirs = append(dirs, filepath.Dir(d.Socket))
	}
	good := true
	for _, dir := range slices.Compact(dirs) {
		info, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the agent makes it
		}
		good = d.folder(dir, info, err) && good
	}
	good = d.stateFiles() && good
	if good {
		d.ok(checkPermissions, "", "the folders of state and control socket are this user's alone")
	}
}

// stateFiles reports whether the files in the state folder are closed to others.
// Those of the history are looked at with that.
func (d *doctor) stateFiles() bool {
	good := true
	all, err := os.ReadDir(filepath.Dir(d.History))
	if err != nil {
		return true // there is none, or it is told of the folder
	}
	for _, e := range all {
		path := filepath.Join(filepath.Dir(d.History), e.Name())
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(path, d.History) {
			continue
		}
		if info.Mode().Perm()&0o077 != 0 {
			d.problem(checkPermissions, path, fmt.Sprintf("other users may read or change %s (%#o)", path, info.Mode().Perm()), closing(path))
			d.act(control.ActionFixMode, path)
			good = false
		}
	}
	return good
}

// closing says how a file of the state folder is closed, and what that does not undo.
func closing(path string) string {
	remedy := "run: chmod 600 " + path
	if name := filepath.Base(path); strings.HasPrefix(name, "secrets.") || strings.HasPrefix(name, "root.") || strings.HasPrefix(name, "credentials.") {
		remedy += "; if others use this machine, give the credentials new values then"
	}
	return remedy
}

// folder reports whether a folder is closed to others.
func (d *doctor) folder(dir string, info fs.FileInfo, err error) bool {
	remedy := "run: chmod 700 " + dir
	switch {
	case err != nil:
		d.problem(checkPermissions, dir, err.Error(), "look as the user whose agent it is, or as root")
	case info.Mode()&fs.ModeSymlink != 0:
		d.problem(checkPermissions, dir, dir+" is a symbolic link", "put a folder in its place")
	case !info.IsDir():
		d.problem(checkPermissions, dir, dir+" is not a folder", "move it away")
	case isForeign(info):
		d.problem(checkPermissions, dir, "folder "+dir+" belongs to another user", "run as root: chown -R "+strconv.Itoa(os.Geteuid())+" "+dir)
	case info.Mode().Perm()&0o022 != 0:
		d.problem(checkPermissions, dir, fmt.Sprintf("other users may change folder %s (%#o)", dir, info.Mode().Perm()), remedy)
		d.act(control.ActionFixMode, dir)
	case info.Mode().Perm()&0o077 != 0:
		d.warn(checkPermissions, dir, fmt.Sprintf("other users may look into folder %s (%#o)", dir, info.Mode().Perm()), remedy)
		d.act(control.ActionFixMode, dir)
	default:
		return true
	}
	return false
}

// disk looks at the room where the state lies.
func (d *doctor) disk() {
	dir := existing(filepath.Dir(d.History))
	free, total, err := history.Space(dir)
	if err != nil {
		d.skip(checkDisk, dir, "the system does not say what is free where "+dir+" lies: "+err.Error())
		return
	}
	d.space(dir, free, total)
}

func (d *doctor) space(dir string, free, total int64) {
	text := fmt.Sprintf("%s of %s are free where %s lies", bytesInWords(free), bytesInWords(total), dir)
	const remedy = "make room there, or lower max_size: of history: in the configuration"
	switch {
	case free < noSpace:
		d.problem(checkDisk, dir, text, remedy)
	case free < littleSpace:
		d.warn(checkDisk, dir, text, remedy)
	default:
		d.ok(checkDisk, dir, text)
	}
}

// existing is dir, or the nearest folder above it that there is.
func existing(dir string) string {
	for {
		above := filepath.Dir(dir)
		if _, err := os.Stat(dir); err == nil || above == dir {
			return dir
		}
		dir = above
	}
}

// bytesInWords is a number of bytes as a person says it.
func bytesInWords(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	case n < 10<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d GiB", n>>30)
}

//go:build unix

package access

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	others  = 0o002
	group   = 0o020
	maxHops = 40 // symbolic links, as many as Linux follows
)

func self() int { return os.Geteuid() }

// Mine returns why what a program has made for itself may be somebody else's work: a
// file or folder that belongs to another user, or a symbolic link. What is not there
// is nobody's. The error says what to do.
func Mine(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return Refuse("%s is a symbolic link: remove it", path)
	case ownerOf(info) != self():
		return Refuse("%s belongs to uid %d, not to uid %d: run as root: chown %d %s (or remove it, if nobody needs what is in it)", path, ownerOf(info), self(), self(), path)
	}
	return nil
}

// Find follows path to the file, or folder, that it leads to, and returns the first
// thing on the way that lets others change what is found there: nil for none. The
// error is about a path that leads nowhere.
func Find(path string, r Rules) (*Finding, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	w := walk{Rules: r, at: "/", rest: split(path)}
	if w.info, err = os.Lstat("/"); err != nil {
		return nil, err
	}
	return w.run()
}

// walk goes down a path, a folder at a time.
type walk struct {
	Rules
	at   string      // the folder it is in, free of links
	info fs.FileInfo // of that folder
	rest []string    // what is still to come
	hops int         // links followed
}

func split(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" || s == "." })
}

func (w *walk) run() (*Finding, error) {
	for len(w.rest) > 0 {
		name := w.rest[0]
		w.rest = w.rest[1:]
		if name == ".." {
			if err := w.enter(filepath.Dir(w.at)); err != nil {
				return nil, err
			}
			continue
		}
		next := filepath.Join(w.at, name)
		info, err := os.Lstat(next)
		if err != nil {
			return nil, err
		}
		// A link to the file is as good as the file for the folder that it lies in.
		holds := !info.IsDir() && len(w.rest) == 0
		if f := w.folder(info, holds); f != nil {
			return f, nil
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if err := w.follow(next); err != nil {
				return nil, err
			}
		case info.IsDir():
			w.at, w.info = next, info
		case len(w.rest) > 0:
			return nil, &fs.PathError{Op: "look at", Path: next, Err: syscall.ENOTDIR}
		default:
			return w.finding(next, info, false, w.Alone), nil
		}
	}
	return w.finding(w.at, w.info, true, false), nil
}

func (w *walk) enter(dir string) (err error) {
	w.at = dir
	w.info, err = os.Lstat(dir)
	return err
}

func (w *walk) follow(link string) error {
	if w.hops++; w.hops > maxHops {
		return &fs.PathError{Op: "look at", Path: link, Err: syscall.ELOOP}
	}
	to, err := os.Readlink(link)
	if err != nil {
		return err
	}
	w.rest = append(split(to), w.rest...)
	if filepath.IsAbs(to) {
		return w.enter("/")
	}
	return nil
}

// folder is the finding for the folder that an entry lies in. Where the sticky bit
// is set, as in /tmp, others may write and yet not put another thing in the place of
// an entry that is not theirs; a file that counts is no guest there all the same.
func (w *walk) folder(entry fs.FileInfo, holds bool) *Finding {
	f := w.finding(w.at, w.info, true, w.Alone && holds)
	if f != nil && f.UID < 0 && !holds && w.info.Mode()&fs.ModeSticky != 0 && w.trusts(ownerOf(entry), entry.IsDir()) {
		return nil
	}
	return f
}

// finding is what is wrong with one file or folder, nil for nothing.
func (w *walk) finding(path string, info fs.FileInfo, folder, alone bool) *Finding {
	f := &Finding{Path: path, Folder: folder, Mode: info.Mode(), UID: -1}
	uid, mode := ownerOf(info), info.Mode()
	switch {
	case !w.trusts(uid, folder):
		f.UID = uid
		return f
	case mode&others != 0, mode&group != 0 && (alone || !private(uid, groupOf(info))):
	case mode&group != 0 && isListed(path):
		f.Listed = true
	default:
		return nil
	}
	if unix.Access(path, unix.W_OK) == unix.EROFS {
		return nil // nobody writes to a read-only mount, whatever the bits say
	}
	return f
}

// trusts reports whether the files of a user may tell this process what to do.
func (w *walk) trusts(uid int, folder bool) bool {
	return w.Anyone || uid == 0 || uid == self() || slices.Contains(w.Trust, uid) || folder && isOutside(uid)
}

// ownerOf is the user of a file, an impossible one if the system does not tell.
func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

func groupOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Gid)
	}
	return -1
}

package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"homehook/access"
)

// Secure makes sure that path is a regular file of this user, of mode 0600, creating an
// empty one if need be, before SQLite opens it: SQLite would follow a symlink
// and create files by the umask. WAL and shared memory take their mode from it.
func Secure(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		fi, err := os.Lstat(path + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case fi.Mode()&fs.ModeSymlink != 0:
			return access.Refuse("%s is a symbolic link: remove it, or set the folder to where it points", path+suffix)
		case !fi.Mode().IsRegular():
			return access.Refuse("%s is not a regular file: remove it", path+suffix)
		default:
			if err := access.Mine(path + suffix); err != nil {
				return err
			}
			if runtime.GOOS == "windows" || fi.Mode().Perm()&^0o600 == 0 {
				continue
			}
			if err := os.Chmod(path+suffix, 0o600); err != nil {
				return err
			}
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("folder %s does not exist: create it with mode 0700", filepath.Dir(path))
	case err != nil:
		return err
	}
	return f.Close()
}

// Damaged reports whether an error says that a file's contents cannot be read.
func Damaged(err error) bool {
	c := Code(err) & 0xff
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB || errors.Is(err, ErrDamaged)
}

// unreadable says that the disk itself did not give a part of the file.
func unreadable(err error) bool { return Code(err)&0xff == sqlite3.SQLITE_IOERR }

// Full says that there is no room left to write: on the disk, or for this user.
func Full(err error) bool {
	switch Code(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE:
		return true
	}
	return slices.ContainsFunc(fullErrors, func(full error) bool { return errors.Is(err, full) })
}

// SetAside renames a database and what SQLite keeps beside it, and returns the
// new name. Nothing is deleted: some of it can often be read by hand.
func SetAside(path string, now time.Time) (string, error) {
	aside := path + ".damaged-" + now.UTC().Format("20060102T150405.000")
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		err := os.Rename(path+suffix, aside+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

// DSN is the name under which the driver opens path with the parameters.
func DSN(path string, parameters ...string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/folder becomes file:///C:/folder
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: strings.Join(parameters, "&")}
	return u.String(), nil
}

// writerPatience is how long the writer waits for a lock that another process
// holds, in milliseconds. Every Begin waits with it.
const writerPatience = "500"

// WriterDSN opens the one connection that writes, in WAL mode. The order matters:
// auto_vacuum has to come before the first page is written.
func WriterDSN(path string, pragmas []string) (string, error) {
	p := []string{
		"mode=rw", "_defensive=1", "_dqs=0", "_error_rc=1", "_busy_timeout=" + writerPatience, "_auto_vacuum=INCREMENTAL",
		"_pragma=journal_mode(wal)", "_pragma=synchronous(normal)",
		// On macOS a plain fsync leaves the data in the drive's cache.
		"_pragma=fullfsync(1)", "_pragma=checkpoint_fullfsync(1)",
		// 8 MiB of WAL: the pages at the end of each tree, which every batch
		// writes again, reach the file once per checkpoint.
		"_pragma=wal_autocheckpoint(2000)", "_pragma=journal_size_limit(16777216)",
		"_pragma=cache_size(-4000)", "_pragma=temp_store(memory)",
	}
	for _, pragma := range pragmas {
		p = append(p, "_pragma="+pragma)
	}
	return DSN(path, p...)
}

// ReaderDSN opens connections that only read.
func ReaderDSN(path string) (string, error) {
	return DSN(path, "mode=ro", "_dqs=0", "_error_rc=1", "_busy_timeout=5000", "_query_only=1",
		"_pragma=cache_size(-2000)", "_pragma=temp_store(memory)")
}

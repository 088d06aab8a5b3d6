package service

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

const (
	// logLimit is the size at which a file of the log is put aside.
	logLimit = 10 << 20

	// logFiles is how many files there are of it in all.
	logFiles = 5
)

// logFile is a log that never grows beyond five files of 10 MB: the one being
// written, and path.1, the one before it, to path.4. Any goroutine may write.
type logFile struct {
	path   string
	limit  int64
	files  int
	caught func(*os.File) // told of each file that is opened; nil tells nobody

	mu   sync.Mutex // guards the rest
	f    *os.File   // nil when it is closed, or could not be opened again
	size int64
	end  bool
}

var _ io.WriteCloser = (*logFile)(nil)

// openLogFile opens the log at path, or makes it, for its owner alone.
func openLogFile(path string) (*logFile, error) {
	l := &logFile{path: path, limit: logLimit, files: logFiles}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, nil
}

// open opens the file at the path to write at its end.
func (l *logFile) open() error {
	f, err := openPlain(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		_ = f.Close() // the first error says more
		return fmt.Errorf("open log: %w", err)
	}
	l.f, l.size = f, size
	if l.caught != nil {
		l.caught(f)
	}
	return nil
}

// Write writes one line, behind a turn of the files if it would be too long for
// this one. An error, as of a full disk, loses the line and nothing else.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end {
		return 0, fs.ErrClosed
	}
	if l.f != nil && l.size > 0 && l.size+int64(len(line)) > l.limit {
		l.turn()
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.Write(line)
	l.size += int64(n)
	return n, err
}

// turn puts the file aside and the others one further; the oldest goes. Where
// the file cannot be moved, as while somebody reads it on Windows, it is written
// on and comes to its turn after as much again.
func (l *logFile) turn() {
	_ = l.f.Close() // it is written through
	l.f = nil
	for n := l.files - 1; n > 0; n-- {
		from := l.path
		if n > 1 {
			from = l.numbered(n - 1)
		}
		_ = os.Rename(from, l.numbered(n)) // none there yet, or in use
	}
	if l.open() == nil && l.size > 0 {
		l.size = 0
	}
}

// numbered is the path of the file that is n turns old.
func (l *logFile) numbered(n int) string { return l.path + "." + strconv.Itoa(n) }

// Close closes the file. Later lines are refused.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = true
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

// openPlain opens a file of this user's that is no link and nothing but a file,
// and makes it, if flags say so, for its owner alone.
func openPlain(path string, flags int) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file; remove it", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, flags|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a plain file; remove it", path)
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 && flags&os.O_CREATE != 0 {
		err = closeFile(f)
	}
	if err != nil {
		_ = f.Close() // the first error says more
		return nil, err
	}
	return f, nil
}

// OpenLog opens a file that a service has written, for root as well: the service's
// account may have put anything in its place, to be shown what only root may read,
// or to keep root waiting. So it is opened if it is a plain file of the folder's
// owner that has no second name elsewhere.
func OpenLog(path string) (*os.File, error) {
	f, err := openPlain(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if err := checkOwner(f, filepath.Dir(path)); err != nil {
		_ = f.Close() // it was only read
		return nil, err
	}
	return f, nil
}

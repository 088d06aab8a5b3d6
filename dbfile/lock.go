package dbfile

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrInUse says that another process holds a lock.
var ErrInUse = errors.New("in use by another process")

// Lock makes the caller the only process that works with what path stands for,
// by a lock on the file of that name that ends with the process or with Close.
// The file itself stays. Errors are [ErrInUse] and those of the file system.
func Lock(path string) (io.Closer, error) {
	if err := Secure(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	taken, err := tryLock(f)
	if err == nil && !taken {
		err = fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

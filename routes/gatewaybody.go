package routes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"homehook/http1"
)

// maxSpool is how much of a body of unknown length is kept on disk.
const maxSpool = 1 << 30

// measured returns a delivery whose body has a known length, which a program is
// told before it starts. A body that came without one is read to its end, into a
// file if it is long. The caller calls done when the body is not read any more.
func measured(d *Delivery) (_ *Delivery, done func(), why *fault) {
	done = func() {}
	if d.Request.Body.Length() >= 0 || d.Request.Body.Empty() {
		return d, done, nil
	}
	first, ended, err := readFirst(d.Request.Body, maxWhole)
	if err != nil {
		return d, done, bodyFault(err)
	} else if ended {
		return rebodied(d, bytes.NewReader(first), int64(len(first)), done)
	}
	f, err := os.CreateTemp("", "homehook-body-*")
	if err != nil {
		return d, done, notKept(err)
	}
	done = func() { f.Close(); os.Remove(f.Name()) }
	size, why := spool(f, first, d.Request.Body)
	if why != nil {
		done()
		return d, func() {}, why
	}
	return rebodied(d, f, size, done)
}

// readFirst reads the first n bytes of a body, or all of one that is shorter.
func readFirst(r io.Reader, n int) (first []byte, ended bool, err error) {
	first = make([]byte, n)
	for got := 0; ; {
		m, err := r.Read(first[got:])
		got += m
		switch {
		case err == io.EOF:
			return first[:got], true, nil
		case err != nil:
			return nil, false, err
		case got == n:
			return first, false, nil
		}
	}
}

// spool writes a body to a file from its beginning on, and returns its length.
func spool(f *os.File, first []byte, rest io.Reader) (int64, *fault) {
	if _, err := f.Write(first); err != nil {
		return 0, notKept(err)
	}
	source := &heard{r: io.LimitReader(rest, maxSpool)}
	n, err := io.Copy(f, source)
	switch {
	case source.err != nil:
		return 0, bodyFault(source.err)
	case err != nil:
		return 0, notKept(err)
	case n == maxSpool:
		return 0, &fault{413, "the body is too large", errors.New("the body has no length and is longer than 1GiB"), FailedRequest}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, notKept(err)
	}
	return int64(len(first)) + n, nil
}

func notKept(err error) *fault {
	return &fault{500, "the body could not be kept", fmt.Errorf("write the body to a file: %w", pathCause(err)), FailedScript}
}

// rebodied returns the delivery with another body.
func rebodied(d *Delivery, body io.Reader, n int64, done func()) (*Delivery, func(), *fault) {
	r, err := http1.ParseRequest(d.Request.Raw(), body, n)
	if err != nil {
		done()
		return d, func() {}, bodyFault(err)
	}
	to := *d
	to.Request = r
	return &to, done, nil
}

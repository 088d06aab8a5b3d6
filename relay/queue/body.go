package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
)

var (
	errChanged = errors.New("its bytes have changed on the disk")
	errCut     = errors.New("the file of its body is gone or cut")
)

// Body reads the body of an item that is in the queue from its beginning, as
// often as wanted. A body in a file is held against the size and the checksum that
// were written: if it is another one the item is set aside, List does not return
// it again, and the error is an [ErrLost]. It comes from Body, or from the reader
// in the place of the last bytes, so that nobody takes the rest for the whole.
func (q *Queue) Body(it *Item) (io.ReadCloser, error) {
	if it.file != "" {
		return q.bodyFile(it)
	}
	body := it.body
	if body == nil && it.Size > 0 {
		err := q.read(func(r *reader) error {
			v, err := r.body.Value(it.Seq)
			body = bytesOf(v)
			return err
		})
		if err == nil && int64(len(body)) != it.Size {
			err = errors.New("it is not in the queue")
		}
		if err != nil {
			return nil, fmt.Errorf("read body of delivery %s: %w", it.ID, err)
		}
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

func (q *Queue) bodyFile(it *Item) (io.ReadCloser, error) {
	f, err := q.blobs.Open(it.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, q.bodyLost(it, err)
	case err != nil:
		return nil, fmt.Errorf("open body of delivery %s: %w", it.ID, err)
	}
	fi, err := f.Stat()
	if err == nil && fi.Size() != it.Size {
		err = q.bodyLost(it, errCut)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &fileBody{
		f: f, left: it.Size, want: it.sum,
		damaged: func(why error) error { return q.bodyLost(it, why) },
	}, nil
}

// bodyLost sets an item aside because of its body. Once it returns, the line does
// not count the item any more, unless the disk cannot be written.
func (q *Queue) bodyLost(it *Item, why error) error {
	_ = q.Lose(context.Background(), why, it)
	return fmt.Errorf("read body of delivery %s: %w: %w", it.ID, ErrLost, why)
}

// spoolDamaged is the error of a body that has changed before a Put.
func spoolDamaged(why error) error { return fmt.Errorf("read body that waits: %w", why) }

// fileBody reads the file of a body, which has to be what was written.
type fileBody struct {
	f         *os.File
	left      int64 // bytes that have to come
	sum, want uint32
	damaged   func(why error) error // makes the error of Read
	err       error                 // of the last Read
}

var _ io.ReadCloser = (*fileBody)(nil)

// Read withholds the last bytes of a file that has changed: what is without its
// end, nobody takes for complete.
func (b *fileBody) Read(p []byte) (int, error) {
	if b.left == 0 && b.err == nil {
		b.err = io.EOF
	}
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.f.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.sum = crc32.Update(b.sum, castagnoli, p[:n])
	switch {
	case n > 0 && b.left == 0 && b.sum != b.want:
		b.err = b.damaged(errChanged)
	case n > 0:
		return n, nil // an error comes again
	case errors.Is(err, io.EOF):
		b.err = b.damaged(errCut)
	default:
		b.err = err
	}
	return 0, b.err
}

// Close closes the file.
func (b *fileBody) Close() error { return b.f.Close() }

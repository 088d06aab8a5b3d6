package queue

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"homehook/dbfile"
)

// inRow is the largest body that lies in a row, and in memory before that.
const inRow = 256 << 10

// Spool takes in a body of any size: up to 256 KiB in memory, beyond that (or
// when all spools together hold Options.Memory) in a file. One goroutine writes;
// readers may be made by any, once all is written.
type Spool struct {
	q *Queue

	mu      sync.Mutex // guards what follows
	buf     []byte
	charged int64 // of the queue's memory
	blob    *dbfile.Blob
	sum     uint32 // CRC-32C of what is in the file
	size    int64
	closed  bool
}

var _ io.WriteCloser = (*Spool)(nil)

// NewSpool returns an empty spool. The caller has to Close it.
func (q *Queue) NewSpool() *Spool { return &Spool{q: q} }

// Write appends to the body. It returns a FullError when a file would be needed
// and the disk is full or down to its reserve.
func (s *Spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, fs.ErrClosed
	}
	if s.blob == nil && s.growLocked(len(p)) {
		s.buf = append(s.buf, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	if full := s.q.disk.room(int64(len(p))); full != nil {
		return 0, full
	}
	if err := s.spillLocked(); err != nil {
		return 0, fileError(err)
	}
	n, err := s.blob.Write(p)
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	s.size += int64(n)
	return n, fileError(err)
}

// fileError makes a FullError of an error that says so.
func fileError(err error) error {
	switch {
	case err == nil:
		return nil
	case dbfile.Full(err):
		return diskFull(err)
	}
	return broken(err)
}

// growLocked makes room for n more bytes in memory, if they may lie there.
func (s *Spool) growLocked(n int) bool {
	need := len(s.buf) + n
	if need > inRow {
		return false
	}
	if need <= cap(s.buf) {
		return true
	}
	size := min(max(need, 2*cap(s.buf)), inRow)
	more := int64(size - cap(s.buf))
	if s.q.memory.Add(more) > s.q.opts.Memory {
		s.q.memory.Add(-more)
		return false
	}
	s.charged += more
	grown := make([]byte, len(s.buf), size)
	copy(grown, s.buf)
	s.buf = grown
	return true
}

// spillLocked moves the body from memory to a file.
func (s *Spool) spillLocked() error {
	if s.blob != nil {
		return nil
	}
	blob, err := s.q.blobs.Create()
	if err != nil {
		return err
	}
	if _, err := blob.Write(s.buf); err != nil {
		return errors.Join(err, blob.Close())
	}
	s.blob, s.sum = blob, crc32.Checksum(s.buf, castagnoli)
	s.freeLocked()
	return nil
}

func (s *Spool) freeLocked() {
	s.q.memory.Add(-s.charged)
	s.buf, s.charged = nil, 0
}

// Size is the number of bytes written.
func (s *Spool) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// NewReader reads the body from its beginning, as often as wanted and also
// while and after a Put takes it over; no longer once Done has removed it, or
// Close if no Put was successful. What a reader has open stays readable. A body in
// a file is not read to its end when its bytes have changed.
func (s *Spool) NewReader() (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fs.ErrClosed
	}
	if s.blob != nil {
		f, err := s.blob.NewReader()
		if err != nil {
			return nil, err
		}
		return &fileBody{f: f, left: s.size, want: s.sum, damaged: spoolDamaged}, nil
	}
	return io.NopCloser(bytes.NewReader(s.buf)), nil
}

// contents returns the body in memory or else its file, with its checksum.
func (s *Spool) contents() (size int64, body []byte, blob *dbfile.Blob, sum uint32, err error) {
	if s == nil {
		return 0, nil, nil, 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, nil, nil, 0, fs.ErrClosed
	}
	return s.size, s.buf, s.blob, s.sum, nil
}

// Close lets go of the body, unless a Put has taken it over. Further calls do
// nothing.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.freeLocked()
	if s.blob == nil {
		return nil
	}
	err := s.blob.Close()
	if errors.Is(err, fs.ErrClosed) {
		return nil // the queue was closed before; the next Open sweeps the file
	}
	return err
}

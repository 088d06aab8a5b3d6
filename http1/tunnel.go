package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Tunnel joins two connections whose protocol was switched: bytes pass both
// ways as they come, those that are buffered first, and the end of one
// direction is passed on by itself where the connection can end its writing
// side alone. It returns when both directions have ended, when neither has
// carried a byte for the time idle (0 for no bound), when ctx ends, or when
// that of a [Conn.Serve] ends whose handler runs the tunnel; with the bytes that
// passed from a to b and from b to a. Both are closed then.
func Tunnel(ctx context.Context, a, b *Conn, idle time.Duration) (ab, ba int64, err error) {
	t := &tunnel{idle: idle}
	t.moved.Store(time.Now().UnixNano())
	stop := context.AfterFunc(ctx, func() { a.nc.Close(); b.nc.Close() })
	defer stop()
	a.enterTunnel()
	b.enterTunnel()
	var wg sync.WaitGroup
	var errAB, errBA error
	wg.Go(func() { ab, errAB = t.pass(b, a) })
	ba, errBA = t.pass(a, b)
	wg.Wait()
	a.nc.Close()
	b.nc.Close()
	a.Release()
	b.Release()
	return ab, ba, errors.Join(errAB, errBA)
}

type tunnel struct {
	idle  time.Duration
	moved atomic.Int64 // when a byte passed last, in either direction
}

// pass carries bytes to dst until src ends. A break ends both connections, an
// orderly end only the writing side of dst.
func (t *tunnel) pass(dst, src *Conn) (n int64, err error) {
	buf := getSmall()
	defer putSmall(buf)
	src.SetReadTimeout(0)
	for {
		m := copy(buf, src.Buffered())
		if src.r += m; m == 0 {
			m, err = t.read(src, buf)
		}
		if m > 0 {
			t.moved.Store(time.Now().UnixNano())
			n += int64(m)
			if _, werr := (*deadlineWriter)(dst).Write(buf[:m]); werr != nil {
				src.nc.Close()
				dst.nc.Close()
				return n, werr
			}
		}
		if err != nil {
			return n, t.end(dst, src, err)
		}
	}
}

// read waits for bytes while the other direction moves.
func (t *tunnel) read(src *Conn, buf []byte) (int, error) {
	for {
		if t.idle > 0 {
			src.nc.SetReadDeadline(time.Unix(0, t.moved.Load()).Add(t.idle))
		}
		n, err := src.nc.Read(buf)
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if n > 0 || !late || time.Since(time.Unix(0, t.moved.Load())) >= t.idle {
			return n, err
		}
	}
}

func (t *tunnel) end(dst, src *Conn, err error) error {
	if err == io.EOF {
		if half, ok := dst.nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			return nil
		}
	}
	src.nc.Close()
	dst.nc.Close()
	if err == io.EOF || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

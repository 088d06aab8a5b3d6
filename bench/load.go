package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"homehook/http1"
)

// sample is one measurement of one target.
type sample struct {
	Requests int
	Elapsed  time.Duration
	P50, P99 time.Duration
	CPU      time.Duration // of the target's processes
}

// measure lets n callers send requests for a while, each on a connection of
// its own, and checks every answer.
func measure(ctx context.Context, t *target, n int, p plan) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, p.window)
	defer cancel()
	before := t.cpu()
	began := time.Now()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		all  []time.Duration
		errs []error
	)
	for i := range n {
		wg.Go(func() {
			took, err := call(ctx, t, i, p.size)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	s := sample{Requests: len(all), Elapsed: time.Since(began), CPU: t.cpu() - before}
	slices.Sort(all)
	if len(all) > 0 {
		s.P50, s.P99 = all[len(all)/2], all[len(all)*99/100]
	}
	return s, errors.Join(errs...)
}

// call sends requests until ctx ends and returns how long each took.
func call(ctx context.Context, t *target, seed, size int) ([]time.Duration, error) {
	nc, err := net.Dial("tcp", t.addr)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	c := http1.NewConn(nc, http1.Limits{})
	body := pattern(seed, size)
	got := make([]byte, size)
	took := make([]time.Duration, 0, 1<<14)
	for ctx.Err() == nil {
		began := time.Now()
		if err := post(c, t, body, got); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// post sends one request in a single write and verifies the echo.
func post(c *http1.Conn, t *target, body, got []byte) error {
	w := c.Writer()
	w.StartRequest([]byte("POST"), []byte(t.path+"echo"))
	w.Field("Host", t.addr)
	w.Field("User-Agent", "bench")
	w.Field("Content-Type", "application/json")
	w.Field("X-GitHub-Event", "push")
	w.Field("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	w.EndLength(int64(len(body)))
	w.Write(body)
	if err := w.Finish(); err != nil {
		return err
	}
	c.SetReadTimeout(20 * time.Second)
	res, err := c.ReadResponse([]byte("POST"))
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(res.Body, got); err != nil {
		return err
	}
	if n, err := res.Body.Read(got[:1:1]); n != 0 || err != io.EOF {
		return fmt.Errorf("answer is longer than %d bytes", len(body))
	}
	if res.Status != 200 || !bytes.Equal(got, body) {
		return fmt.Errorf("answer %d differs from what was sent", res.Status)
	}
	return nil
}

// pattern makes bytes that differ from caller to caller.
func pattern(seed, size int) []byte {
	b := make([]byte, size)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = 'a' + byte(x%26)
	}
	return b
}

// measureBulk sends n bytes up and fetches as many, and returns both rates in
// bytes per second.
func measureBulk(ctx context.Context, t *target, n int64) (up, down float64, err error) {
	nc, err := net.Dial("tcp", t.addr)
	if err != nil {
		return 0, 0, err
	}
	defer nc.Close()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	c := http1.NewConn(nc, http1.Limits{})
	c.SetReadTimeout(2 * time.Minute)
	block := pattern(7, 256<<10)
	began := time.Now()
	if err := upload(c, t, block, n); err != nil {
		return 0, 0, fmt.Errorf("up: %w", err)
	}
	up = float64(n) / time.Since(began).Seconds()
	began = time.Now()
	if err := download(c, t, block, n); err != nil {
		return 0, 0, fmt.Errorf("down: %w", err)
	}
	return up, float64(n) / time.Since(began).Seconds(), nil
}

func upload(c *http1.Conn, t *target, block []byte, n int64) error {
	w := c.Writer()
	w.StartRequest([]byte("POST"), []byte(t.path+"count"))
	w.Field("Host", t.addr)
	w.EndLength(n)
	for left := n; left > 0; left -= int64(len(block)) {
		if _, err := w.Write(block[:min(left, int64(len(block)))]); err != nil {
			return err
		}
	}
	if err := w.Finish(); err != nil {
		return err
	}
	res, err := c.ReadResponse([]byte("POST"))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(res.Body)
	if err == nil && string(text) != fmt.Sprint(n) {
		return fmt.Errorf("%s of %d bytes arrived", text, n)
	}
	return err
}

func download(c *http1.Conn, t *target, block []byte, n int64) error {
	w := c.Writer()
	w.StartRequest([]byte("GET"), fmt.Appendf(nil, "%sbytes?%d", t.path, n))
	w.Field("Host", t.addr)
	w.EndEmpty()
	if err := w.Finish(); err != nil {
		return err
	}
	res, err := c.ReadResponse([]byte("GET"))
	if err != nil {
		return err
	}
	buf := make([]byte, len(block))
	var got int64
	for {
		m, err := res.Body.Read(buf)
		at := int(got % int64(len(block)))
		for chunk := buf[:m]; len(chunk) > 0; at = 0 {
			part := chunk[:min(len(chunk), len(block)-at)]
			if !bytes.Equal(part, block[at:at+len(part)]) {
				return errors.New("bytes differ from what was asked for")
			}
			chunk = chunk[len(part):]
		}
		if got += int64(m); err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if got != n {
		return fmt.Errorf("%d of %d bytes arrived", got, n)
	}
	return nil
}

package relay

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"
)

// TestManyRequests sends 1,000 bodies of all sizes from 64 callers over few
// links. Each caller gets its own body back, and nothing is left behind: the
// package's TestMain looks for goroutines.
func TestManyRequests(t *testing.T) {
	before := openFiles()
	t.Run("load", func(t *testing.T) {
		tr := startRelay(t, Options{})
		tr.agent(t, "garage", 16, echo)
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
		defer client.CloseIdleConnections()
		var wg sync.WaitGroup
		for caller := range 64 {
			wg.Go(func() {
				for i := caller; i < 1000; i += 64 {
					if err := echoed(client, "http://"+tr.addr+"/~garage/"+itoa(i), i); err != nil {
						t.Errorf("request %d: %v", i, err)
					}
				}
			})
		}
		wg.Wait()
		tr.waitLinks(t, "garage", 16)
		c := tr.dir.claim([]byte("garage"))
		waitFor(t, "all links are at rest", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.idle) == 16 && c.first == nil
		})
	})
	waitFor(t, "no file is left open", func() bool { return openFiles() <= before })
}

// echoed sends the i-th body, every third one in chunks.
func echoed(client *http.Client, url string, i int) error {
	size := rand.IntN(3000)
	if i%50 == 0 {
		size = 200_000
	}
	want := bytes.Repeat([]byte{byte(i), byte(i >> 8), 'x'}, size/3)
	var body io.Reader = bytes.NewReader(want)
	if i%3 == 0 {
		body = io.MultiReader(body)
	}
	res, err := client.Post(url, "application/octet-stream", body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || !bytes.Equal(got, want) {
		return fmt.Errorf("status %d, %d of %d bytes, %w", res.StatusCode, len(got), len(want), err)
	}
	return nil
}

// openFiles counts this process's file descriptors, 0 where that is unknown.
func openFiles() int {
	if runtime.GOOS != "linux" {
		return 0
	}
	all, _ := os.ReadDir("/proc/self/fd")
	return len(all)
}

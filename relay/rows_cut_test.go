package relay

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRow12CutBodies: of a body that ends early nothing is stored, and no file
// of it stays.
func TestRow12CutBodies(t *testing.T) {
	long := strings.Repeat("x", 700_000)
	tests := []struct{ name, rest string }{
		{"short", "Content-Length: 100\r\n\r\nhello"},
		{"long", "Content-Length: 900000\r\n\r\n" + long},
		{"chunked", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
		{"chunked and long", fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(long), long)},
		{"within a chunk", "Transfer-Encoding: chunked\r\n\r\nff\r\nhello"},
		{"no last chunk's end", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"},
	}
	for _, mode := range []string{answerStore, answerHold} {
		data := t.TempDir()
		tr := startKeeper(t, Options{Data: data}, claimRecord{Answer: mode})
		for _, tt := range tests {
			t.Run(mode+", "+tt.name, func(t *testing.T) {
				got := tr.rawEnd(t, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n"+tt.rest)
				if strings.HasPrefix(got, "HTTP/1.1 2") || tr.stored("garage") > 0 {
					t.Errorf("got %.60q, %d stored", got, tr.stored("garage"))
				}
				began := time.Now()
				waitFor(t, "no file of the body is left", func() bool { return len(bodyFiles(t, data)) == 0 })
				if took := time.Since(began); took > time.Second {
					t.Errorf("its file was there for %s", took)
				}
			})
		}
	}
}

// TestRow13SenderResets: a delivery whose sender does not wait for the answer is
// stored once.
func TestRow13SenderResets(t *testing.T) {
	data := t.TempDir()
	tr := startKeeper(t, Options{Data: data}, claimRecord{Answer: answerStore})
	for i, size := range []int{10, 100_000, 700_000} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			nc := tr.conn(t)
			if _, err := fmt.Fprintf(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size)); err != nil {
				t.Fatal(err)
			}
			// A reset throws away what has not been read: it comes once all has.
			waitFor(t, "the delivery is stored", func() bool { return tr.stored("garage") == i+1 })
			nc.(*net.TCPConn).SetLinger(0)
			nc.Close()
		})
	}
	if status, _ := tr.ask(t, askGarage); status != 202 {
		t.Errorf("the next sender got %d", status)
	}
	if n := tr.stored("garage"); n != 4 {
		t.Errorf("%d stored, want 4", n)
	}
}

// TestSenderLeavesAtOnce: one that closes before its request is read whole may
// have it stored or not, but once at most, and with its whole body.
func TestSenderLeavesAtOnce(t *testing.T) {
	tr := startKeeper(t, Options{}, claimRecord{Answer: answerStore})
	for range 20 {
		nc := tr.conn(t)
		io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nContent-Length: 5\r\n\r\nhello")
		nc.Close()
	}
	const last = "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
	if status, _ := tr.ask(t, last); status != 202 {
		t.Errorf("the next sender got %d", status)
	}
	items, err := tr.queue().List(t.Context(), "garage", 0, 100, 1<<20)
	if err != nil || len(items) > 21 {
		t.Errorf("%d stored of 21, %v", len(items), err)
	}
	for _, it := range items {
		if it.Size != 5 {
			t.Errorf("a body of %d bytes", it.Size)
		}
	}
}

// bodyFiles are the files of bodies in a relay's data folder.
func bodyFiles(t *testing.T, data string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(data, "bodies"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			all = append(all, path)
		}
		if os.IsNotExist(err) {
			err = nil // removed meanwhile
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

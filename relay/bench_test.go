package relay

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// BenchmarkThrough carries 1 KiB POSTs through edge and links, all in this
// process: its callers and the agent cost as much as the relay. Run it with
// -benchmem to see what a request allocates in all three together.
func BenchmarkThrough(b *testing.B) { benchmarkMode(b, answerThrough) }

// BenchmarkHold is BenchmarkThrough with a home that answers in time.
func BenchmarkHold(b *testing.B) { benchmarkMode(b, answerHold) }

func benchmarkMode(b *testing.B, answer string) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			tr := startRelay(b, Options{Log: slog.New(slog.DiscardHandler)})
			tr.claimOf(b, claimRecord{Name: "garage", Answer: answer})
			tr.agent(b, "garage", min(callers, 32), echo)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range callers {
				n := b.N / callers
				if i == 0 {
					n += b.N % callers
				}
				wg.Go(func() {
					if err := post(tr.addr, n); err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

var postBytes = []byte("POST /~garage/x HTTP/1.1\r\nHost: relay\r\nUser-Agent: bench\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n" +
	strings.Repeat("x", 1024))

// post sends n requests over one connection.
func post(addr string, n int) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	in := bufio.NewReaderSize(nc, 4096)
	for range n {
		if _, err := nc.Write(postBytes); err != nil {
			return err
		}
		line, err := in.ReadSlice('\n')
		if err != nil || !strings.HasPrefix(string(line), "HTTP/1.1 200") {
			return fmt.Errorf("got %q, %w", line, err)
		}
		for len(line) > 2 {
			if line, err = in.ReadSlice('\n'); err != nil {
				return err
			}
		}
		if _, err := in.Discard(1024); err != nil {
			return err
		}
	}
	return nil
}

// TestIdleLinkMemory holds what a link at rest may cost at the relay's end.
func TestIdleLinkMemory(t *testing.T) {
	const links, most = 400, 10 << 10
	tr := startRelay(t, Options{Log: slog.New(slog.DiscardHandler), MaxLinks: links + 1})
	tr.agent(t, "garage", 1, echo) // what is there once is not counted
	if err := post(tr.addr, 1); err != nil {
		t.Fatal(err)
	}
	before := memory()
	for range links {
		nc := rawLink(t, tr, "garage")
		defer nc.Close()
	}
	tr.waitLinks(t, "garage", links+1)
	each := (memory() - before) / links
	t.Logf("%.0f bytes a link, the test's own end included", each)
	if each > most {
		t.Errorf("%.0f bytes a link, want at most %d", each, most)
	}
}

// memory returns what lives on the heap and on stacks, in bytes.
func memory() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}

// rawLink opens a link with next to nothing at the agent's end.
func rawLink(t testing.TB, tr *testRelay, name string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", tr.addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(nc, "POST /ptth/%s HTTP/1.1\r\nHost: r\r\nAuthorization: Bearer %s\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n"+
		"PTTH-Max-Conns: 4\r\nContent-Length: 0\r\n\r\n", name, tr.token)
	var head [512]byte
	n, err := nc.Read(head[:])
	if err != nil || !strings.HasPrefix(string(head[:n]), "HTTP/1.1 101") {
		t.Fatalf("no link: %q, %v", head[:n], err)
	}
	return nc
}

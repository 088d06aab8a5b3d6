package relay

import (
	"fmt"
	"strings"
	"testing"
)

// TestRow33DiskReserve: with less free than its reserve, the relay stores
// nothing and says when to come again, and what it has still goes home.
func TestRow33DiskReserve(t *testing.T) {
	data := t.TempDir()
	ask := func(tr *testRelay, name string, size int) string {
		return tr.rawEnd(t, fmt.Sprintf("POST /~garage/%s HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
			name, size, strings.Repeat("x", size)))
	}
	tr := startKeeper(t, Options{Data: data}, claimRecord{Answer: answerStore})
	for i, size := range []int{10, 300_000, 10} {
		if got := ask(tr, itoa(i), size); !strings.HasPrefix(got, "HTTP/1.1 202 ") {
			t.Fatalf("with room: %.100q", got)
		}
	}
	tr.stop()

	// No disk has that much: it is as if it were full.
	full := serveRelay(t, Options{Data: data, DiskReserve: 1 << 60})
	full.opened(t)
	for _, size := range []int{10, 100_000, 300_000} {
		got := ask(full, "more", size)
		if !strings.HasPrefix(got, "HTTP/1.1 507 ") || !strings.Contains(got, "\r\nRetry-After: ") {
			t.Errorf("without room, %d bytes: %.200q", size, got)
		}
	}
	if n := full.stored("garage"); n != 3 {
		t.Fatalf("%d deliveries are stored, want 3", n)
	}
	full.token = tr.token
	var got seen
	full.agent(t, "garage", 1, takes(&got))
	waitFor(t, "all is at home", func() bool { return full.stored("garage") == 0 })
	if got.count() != 3 {
		t.Errorf("%d deliveries came home", got.count())
	}
}

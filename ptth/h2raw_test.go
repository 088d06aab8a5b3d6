package ptth_test

import (
	"encoding/binary"
	"io"
	"testing"

	"homehook/ptth"
)

// h2Agent plays the agent's end of a link in HTTP/2 byte by byte.
type h2Agent struct{ *agent }

const (
	frameData     = 0
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	frameGoAway   = 7
	endStream     = 1
	endHeaders    = 4
)

// rawTurn opens a link by hand, and sends what is given behind the request.
func rawTurn(t testing.TB, r *h2Relay, early string) *h2Agent {
	t.Helper()
	a := rawDial(t, r.url.Host)
	a.send("GET /.well-known/ptth/http%3A%2F%2Fgarage.localhost/ HTTP/1.1\r\nHost: r\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\n" + early)
	want := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(a.r, got); string(got) != want {
		t.Fatalf("got %q, %v", got, err)
	}
	return &h2Agent{a}
}

// rawShared is rawTurn behind the settings, which state a limit of n streams.
func rawShared(t testing.TB, r *h2Relay, n uint32) (*h2Agent, *ptth.Shared) {
	t.Helper()
	a := rawTurn(t, r, "")
	a.frame(frameSettings, 0, 0, binary.BigEndian.AppendUint32([]byte{0, 3}, n))
	s := within(t, r.shared, "link")
	t.Cleanup(func() { s.Close() })
	return a, s
}

func (a *h2Agent) frame(kind, flags byte, stream uint32, payload []byte) {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	a.Write(append(binary.BigEndian.AppendUint32(b, stream), payload...))
}

// head waits for the head of a request and returns its stream, 0 when the
// connection ends.
func (a *h2Agent) head() uint32 {
	for {
		var head [9]byte
		if _, err := io.ReadFull(a.r, head[:]); err != nil {
			return 0
		}
		a.r.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2]))
		if head[3] == frameHeaders {
			return binary.BigEndian.Uint32(head[5:])
		}
	}
}

// reply sends a head of fields.
func (a *h2Agent) reply(stream uint32, flags byte, fields ...string) {
	var b []byte
	for i := 0; i < len(fields); i += 2 {
		b = append(b, 0, byte(len(fields[i])))
		b = append(b, fields[i]...)
		b = append(b, byte(len(fields[i+1])))
		b = append(b, fields[i+1]...)
	}
	a.frame(frameHeaders, flags|endHeaders, stream, b)
}

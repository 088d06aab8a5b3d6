package relay

import (
	"testing"
	"time"
)

// TestStreamsTakenBack plays an agent that allows streams and then takes them
// back. A sender must not wait for each of them in turn.
func TestStreamsTakenBack(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{LinkWait: time.Second})
	agent := tr.rawConn(t)
	agent.send("GET /.well-known/ptth/http%3A%2F%2Fgarage.localhost/ HTTP/1.1\r\nHost: r\r\nAuthorization: Bearer " + tr.token +
		"\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\n")
	agent.head()
	settings := func(streams byte) {
		const kind, maxStreams = 4, 3
		agent.send(string([]byte{0, 0, 6, kind, 0, 0, 0, 0, 0, 0, maxStreams, 0, 0, 0, streams}))
	}
	settings(32)
	tr.waitIdle(t, "garage", 32)
	settings(0)
	agent.send("\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678") // a PING: its answer comes behind the settings
	waitForPong(t, agent)
	began := time.Now()
	if status, _ := tr.ask(t, "GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n"); status != 503 || time.Since(began) > 10*time.Second {
		t.Errorf("got %d after %v", status, time.Since(began))
	}
}

// waitForPong reads frames until the answer to a PING.
func waitForPong(t *testing.T, c *rawConn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	c.r.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	for {
		head := make([]byte, 9)
		for i := range head {
			b, err := c.r.ReadByte()
			if err != nil {
				t.Fatal(err)
			}
			head[i] = b
		}
		c.r.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2]))
		if head[3] == 6 && head[4] == 1 {
			return
		}
	}
}

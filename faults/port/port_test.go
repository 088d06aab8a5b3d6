package port

import (
	"net"
	"testing"
)

func TestFree(t *testing.T) {
	addr, err := Free()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Errorf("somebody listens at %s", addr)
	}
	for range 3 { // as a server that is started again
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}

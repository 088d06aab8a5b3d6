package relay

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
)

// failingListener fails as a listener does whose descriptors are used up, and
// then ends.
type failingListener struct {
	net.Listener
	errs []error
}

func (l *failingListener) Accept() (net.Conn, error) {
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, &net.OpError{Op: "accept", Err: err}
}

func TestServeOutlastsFailures(t *testing.T) {
	r := openRelay(t, Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	full := os.NewSyscallError("accept4", syscall.Errno(24))
	broken := errors.New("broken for good")
	err = r.Serve(t.Context(), &failingListener{ln, []error{full, full, full, broken}})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestServeAfterClose(t *testing.T) {
	r := openRelay(t, Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := r.Serve(t.Context(), ln); err != nil {
		t.Errorf("got %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the listener is open")
	}
}

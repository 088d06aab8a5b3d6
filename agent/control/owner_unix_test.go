//go:build unix

package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// otherUID is a user that owns nothing in these tests.
const otherUID = 1001

// playRole is the main of a child process. It prints what it found and, if it
// listens, ends when its stdin does.
func playRole(role string, args []string) int {
	var err error
	switch role {
	case "status": // through the client
		var st *Status
		if st, err = NewClient(args[0]).Status(context.Background()); err == nil {
			fmt.Println("version", st.Version)
		}
	case "raw": // past the client's own checks
		err = rawStatus(args[0])
	case "listen": // as an agent would
		var l net.Listener
		if l, err = Listen(args[0]); err == nil {
			err = NewServer(newFakeBackend(), discardLog()).Serve(untilStdinEnds(), l)
		}
	case "squat": // a bare socket that anyone may use
		err = squat(args[0])
	default:
		err = fmt.Errorf("no role %q", role)
	}
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

func rawStatus(path string) error {
	c, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "PUT /v1/credentials/x HTTP/1.1\r\nHost: homehook\r\nContent-Length: 1\r\n\r\nx"); err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, c)
	return err
}

func squat(path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := os.Chmod(path, 0o777); err != nil {
		return err
	}
	fmt.Println("ready")
	<-untilStdinEnds().Done()
	return nil
}

// untilStdinEnds says that the child is ready and returns a context that ends
// with its stdin.
func untilStdinEnds() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx
}

// otherUser starts this test binary again as otherUID. It needs root.
type otherUser struct{ binary string }

func newOtherUser(t *testing.T) *otherUser {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a second uid needs root")
	}
	// The binary and its folder are closed to others where go test puts them.
	dir := openFolder(t)
	self, err := os.Executable()
	must(t, err)
	data, err := os.ReadFile(self)
	must(t, err)
	binary := filepath.Join(dir, "control.test")
	must(t, os.WriteFile(binary, data, 0o755))
	return &otherUser{binary: binary}
}

// openFolder is a folder that every user can enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hh")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	chmod(t, dir, 0o755)
	return dir
}

func (o *otherUser) command(t *testing.T, role string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), o.binary, args...)
	cmd.Env = []string{roleVariable + "=" + role}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUID, Gid: otherUID}}
	return cmd
}

// run returns what the role printed.
func (o *otherUser) run(t *testing.T, role string, args ...string) string {
	t.Helper()
	out, err := o.command(t, role, args...).Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out)
}

// start runs a role that listens, until the end of the test.
func (o *otherUser) start(t *testing.T, role, path string) {
	t.Helper()
	cmd := o.command(t, role, path)
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if text := lines.Text(); strings.HasPrefix(text, "error:") {
				t.Error(text)
			}
		}
	}()
	waitFor(t, "socket of the other user", func() bool {
		c, err := net.DialTimeout("unix", path, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// serveOpenly serves at a path that every user can reach once loosen is called.
func serveOpenly(t *testing.T) (b *fakeBackend, path string, loosen func()) {
	t.Helper()
	path = filepath.Join(openFolder(t), "run", "homehook.sock")
	l, err := Listen(path)
	must(t, err)
	b = newFakeBackend()
	t.Cleanup(serve(t, b, l))
	return b, path, func() {
		chmod(t, filepath.Dir(path), 0o777)
		chmod(t, path, 0o777)
	}
}

func TestAnotherUserIsKeptOut(t *testing.T) {
	other := newOtherUser(t)
	b, path, loosen := serveOpenly(t)

	if got := other.run(t, "raw", path); !strings.Contains(got, "permission denied") {
		t.Errorf("through the closed folder: %s", got)
	}
	if got := other.run(t, "status", path); !strings.Contains(got, "not the owner of "+path+": run this as the user who runs the agent") {
		t.Errorf("client, through the closed folder: %s", got)
	}
	loosen()
	got := other.run(t, "raw", path)
	if !strings.HasPrefix(got, "HTTP/1.1 403 Forbidden\r\n") || !strings.Contains(got, `"detail":"not the owner (uid 1001)"`) {
		t.Errorf("through the loosened folder: %s", got)
	}
	if len(b.secrets) != 0 {
		t.Error("the refused request had an effect")
	}
}

func TestSocketOfAnotherUser(t *testing.T) {
	other := newOtherUser(t)
	shared := openFolder(t)
	chmod(t, shared, 0o777)
	path := filepath.Join(shared, "homehook.sock")
	other.start(t, "squat", path)

	c := NewClient(path)
	defer c.Close()
	_, err := c.Status(t.Context())
	if !errors.Is(err, ErrNotOwner) || !strings.Contains(err.Error(), "belongs to uid 1001 (pid ") {
		t.Errorf("client: %v, want ErrNotOwner that names the uid", err)
	}
	chmod(t, shared, 0o700) // so that the socket is looked at
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "belongs to uid 1001, not to uid 0") {
		t.Errorf("listen: %v", err)
	}
}

func TestFolderOfAnotherUser(t *testing.T) {
	dir := newOtherUser(t)
	path := filepath.Join(filepath.Dir(dir.binary), "run", "homehook.sock")
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	must(t, os.Chown(filepath.Dir(path), otherUID, otherUID))
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "belongs to uid 1001, not to uid 0") {
		t.Errorf("listen: %v", err)
	}
}

// TestRootLooksAfterAnAgent has root ask the agent of another user, in that
// user's own folder.
func TestRootLooksAfterAnAgent(t *testing.T) {
	other := newOtherUser(t)
	home := openFolder(t)
	must(t, os.Chown(home, otherUID, otherUID))
	path := filepath.Join(home, "run", "homehook.sock")
	other.start(t, "listen", path)
	c := NewClient(path)
	defer c.Close()
	if st, err := c.Status(t.Context()); err != nil || st.Version != "1.2.3" {
		t.Errorf("status %+v, %v", st, err)
	}
	if got := other.run(t, "listen", path); !strings.Contains(got, "an agent is already running (pid ") {
		t.Errorf("a second agent: %s", got)
	}
	if got := other.run(t, "status", path); got != "version 1.2.3\n" {
		t.Errorf("the owner's own client: %s", got)
	}
}

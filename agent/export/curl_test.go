package export

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

// arrived is a request as a server got it, byte for byte.
type arrived struct {
	line   string
	fields []string // but for those of the connection
	body   string
}

// serve takes one request after the other and gives them out.
func serve(t *testing.T) (addr string, requests <-chan arrived) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, done := make(chan arrived, 8), make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			nc.SetDeadline(time.Now().Add(20 * time.Second))
			if a, err := take(bufio.NewReader(nc)); err == nil {
				io.WriteString(nc, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				c <- a
			}
			nc.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), c
}

func take(br *bufio.Reader) (a arrived, err error) {
	length := 0
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return a, err
		}
		line = strings.TrimSuffix(line, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch {
		case a.line == "":
			a.line = line
		case line == "":
			body := make([]byte, length)
			_, err := io.ReadFull(br, body)
			a.body = string(body)
			slices.Sort(a.fields)
			return a, err
		case strings.EqualFold(name, "Content-Length"):
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		case !strings.EqualFold(name, "Host"):
			a.fields = append(a.fields, line)
		}
	}
}

// shells are those that are here.
func shells(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not here")
	}
	var found []string
	for _, name := range []string{"sh", "dash", "bash", "zsh", "busybox"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	if found == nil {
		t.Skip("there is no shell here")
	}
	return found
}

// TestCurlSendsTheSameBytes pastes what is exported into shells, in a folder
// that must stay empty.
func TestCurlSendsTheSameBytes(t *testing.T) {
	const evil = `';touch${IFS}c;'`
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, tt := range []struct {
		name, method, target string
		fields               []string
		body                 string
	}{
		{"plain", "POST", "/hook?a=1", []string{"Accept: */*", "X-A: 1"}, `{"a": "b"}`},
		{"no body", "POST", "/", []string{"Content-Length: 0"}, ""},
		{"get", "GET", "/?q=%41+b", []string{"User-Agent: x"}, ""},
		{"head", "HEAD", "/x", nil, ""},
		{"get with body", "GET", "/x", nil, "body"},
		{"quotes everywhere", "POST", "/" + evil + "?" + evil, []string{"X-A: '; touch c; '", "X-B: $(touch c) `touch c` \\ \"; touch c; \"", "X'`touch`$x&*: c"}, "'; touch c; '$(touch c)`touch c`\n!!\n"},
		{"method", "X'`touch`$x&*", "/", nil, ""},
		{"substitution in a field that is not text", "POST", "/", []string{"X-A: \xff$(touch c)`touch c`\"';touch c;!x", "X-B: a\tb", "X-C: é \u202e"}, ""},
		{"dots and ranges", "POST", "/a/../%2e/./{a,b}[1-3]|^`\"<>\\", nil, "x"},
		{"at sign", "POST", "/", []string{"X-A: @/etc/passwd"}, "@/etc/passwd"},
		{"empty field", "POST", "/", []string{"X-Empty:", "Accept:"}, "x"},
		{"fields twice", "POST", "/", []string{"X-A: 1", "X-A: 2", "Cookie: a=b", "Authorization: Basic eDp5"}, "x"},
		{"every byte", "POST", "/", []string{"Content-Type: application/octet-stream"}, string(every)},
		{"formats", "POST", "/", nil, "%s %d \\0101 \\c \\n %%\n"},
		{"line ends", "POST", "/", nil, "a\r\nb\n\n\n"},
		{"long", "POST", "/", nil, strings.Repeat("0123456789abcdef", 20_000)},
		{"longer than curl likes to send unasked", "POST", "/", nil, strings.Repeat("x", 3000)},
		{"text", "POST", "/", nil, "größer ☃"},
		{"asterisk", "OPTIONS", "*", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, shell := range shells(t) {
				addr, requests := serve(t)
				head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-Proto: http\r\nHomehook-Delivery: 1\r\nVia: 1.1 relay\r\n", tt.method, tt.target, addr)
				want := arrived{line: fmt.Sprintf("%s %s HTTP/1.1", tt.method, tt.target), body: tt.body}
				for _, f := range tt.fields {
					head += f + "\r\n"
					if !strings.HasPrefix(f, "Content-Length") {
						want.fields = append(want.fields, f)
					}
				}
				slices.Sort(want.fields)
				r := &control.Record{Head: []byte(head), Body: []byte(tt.body)}
				line := written(t, CURL, Options{WithSecrets: true}, r)
				paste(t, shell, line)
				select {
				case got := <-requests:
					if diff := cmp.Diff(want, got, cmp.AllowUnexported(arrived{})); diff != "" {
						t.Errorf("%s: %s\n%s", shell, diff, line[:min(len(line), 2000)])
					}
				case <-time.After(10 * time.Second):
					t.Fatalf("%s: nothing came:\n%s", shell, line)
				}
			}
		})
	}
}

// paste runs a line as a person does who has copied it.
func paste(t *testing.T, shell, line string) {
	t.Helper()
	if !isPrintable(strings.TrimSuffix(line, "\n")) {
		t.Errorf("the line is not one of printable text: %q", line)
	}
	dir := t.TempDir()
	args := []string{shell}
	if filepath.Base(shell) == "busybox" {
		args = append(args, "sh")
	}
	cmd := exec.Command(shell, args[1:]...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(line)
	cmd.Env = append(os.Environ(), "NO_PROXY=*", "CURL_HOME="+dir, "HOME="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s", shell, err, out.Bytes())
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s: the line left %v", shell, left)
	}
}

func TestCurlLine(t *testing.T) {
	r := record()
	got := written(t, CURL, Options{WithSecrets: true}, r)
	want := `curl --http1.1 --request 'POST' 'https://garage.relay.example.com/hook/a%2Fb?ref=1&token=s3cret&next=%2F'` +
		` --header 'Authorization: Bearer s3cret' --header 'Cookie: sid=s3cret; theme=dark'` +
		` --header 'X-Hub-Signature-256: sha256=s3cret' --header 'Stripe-Signature: t=1,v1=s3cret'` +
		` --header 'Referer: https://a.example/?x=1&access_token=s3cret#code=s3cret'` +
		` --header 'Content-Type: application/json' --header 'X-Plain: it'\''s "fine"'` +
		` --header 'User-Agent:' --header 'Accept:' --data-raw '{"a": 1}'` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r.BodyTruncated, r.Size = true, 100
	got = written(t, CURL, Options{}, r)
	if want := ": 'redacted: some values of this request are not in it'; : 'cut off: the history keeps 8 of the 100 bytes of this body'; curl "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q", got)
	}
	if n := strings.Count(written(t, CURL, Options{}, record(), record()), "\n"); n != 2 {
		t.Errorf("%d lines for two deliveries", n)
	}
}

package relay

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"homehook/http1"
	"homehook/ptth"
)

// TestH2Spec runs h2spec against the relay's TLS port and against the server of
// the standard library. HOMEHOOK_TEST_H2SPEC names the program.
func TestH2Spec(t *testing.T) {
	program := os.Getenv("HOMEHOOK_TEST_H2SPEC")
	if program == "" {
		t.Skip("HOMEHOOK_TEST_H2SPEC does not name h2spec")
	}
	server, client := testTLS(t)
	floor, n := h2spec(t, program, plainH2Server(t, server), "/")
	t.Logf("net/http fails %d of %d: %s", len(floor), n, strings.Join(floor, ", "))

	tr := startRelay(t, Options{TLS: server})
	d := tr.dialer()
	d.Relay, d.TLS, d.Dialect = &url.URL{Scheme: "https", Host: tr.addr}, client, ptth.DialectPTTH
	dialWith(t, d, "garage", func(_ context.Context, x *http1.Exchange) {
		io.Copy(io.Discard, x.Request.Body)
		x.Text(200, "hello")
	})
	tr.waitLinks(t, "garage", 1)
	for _, path := range []string{"/", "/~garage/"} {
		got, n := h2spec(t, program, tr.addr, path)
		t.Logf("the relay at %s fails %d of %d: %s", path, len(got), n, strings.Join(got, ", "))
		// The program judges by its clock: on a busy machine a case may fail that
		// passes the next time. One that never passes is a fault.
		for again := 0; again < 3 && slices.ContainsFunc(got, newTo(floor)); again++ {
			next, _ := h2spec(t, program, tr.addr, path)
			got = slices.DeleteFunc(got, newTo(next))
		}
		for _, id := range got {
			if newTo(floor)(id) {
				t.Errorf("%s: case %s fails, but not with net/http", path, id)
			}
		}
	}
}

// newTo tells which cases are not in a list.
func newTo(list []string) func(id string) bool {
	return func(id string) bool { return !slices.Contains(list, id) }
}

// plainH2Server is what Go gives who asks for nothing.
func plainH2Server(t *testing.T, conf *tls.Config) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, "hello\n")
		}),
		TLSConfig: conf.Clone(), ErrorLog: log.New(io.Discard, "", 0),
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.ServeTLS(ln, "", "") }()
	t.Cleanup(func() { srv.Close(); <-done })
	return ln.Addr().String()
}

// h2spec returns the numbers of the cases that fail, and how many there are.
func h2spec(t *testing.T, program, addr, path string) (failed []string, all int) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "report.xml")
	cmd := exec.CommandContext(t.Context(), program, "-h", host, "-p", port, "-P", path, "-t", "-k", "-o", "2", "-j", report)
	out, runErr := cmd.CombinedOutput() // its exit status tells of failures too
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("h2spec: %v, %v\n%s", runErr, err, out)
	}
	var doc struct {
		Suites []struct {
			Package string `xml:"package,attr"`
			Cases   []struct {
				Name    string    `xml:"classname,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.Suites {
		for _, c := range s.Cases {
			all++
			if c.Failure != nil || c.Error != nil {
				failed = append(failed, s.Package+" "+c.Name)
			}
		}
	}
	if all < 100 {
		t.Fatalf("h2spec ran %d cases only\n%s", all, out)
	}
	slices.Sort(failed)
	return failed, all
}

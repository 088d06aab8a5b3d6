package detail_test

import (
	"net"
	"strings"
	"testing"
)

// A page or Markdown of a stranger is text here: nothing that it names is fetched.
func TestNothingIsFetched(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan struct{}, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			called <- struct{}{}
			_ = c.Close()
		}
	}()
	defer l.Close()
	picture := "http://" + l.Addr().String() + "/seen.png"
	s := play(t, household)
	for kind, body := range map[string]string{
		"text/html":     `<html><body><img src="` + picture + `"><iframe src="` + picture + `"></iframe></body></html>`,
		"text/markdown": "# Hello\n\n![seen](" + picture + ") [here](" + picture + ")",
		"image/svg+xml": `<svg xmlns="http://www.w3.org/2000/svg"><image href="` + picture + `"/></svg>`,
	} {
		t.Run(kind, func(t *testing.T) {
			s.send("/page", body, "Content-Type", kind)
			s.settled()
			for tab := range 5 {
				shown := strings.ReplaceAll(s.turn(tab), "\n↪", "") // where lines are wrapped
				if tab == 0 && !strings.Contains(shown, "127.0.0.1:") {
					t.Errorf("the body is not shown as text: %q", shown)
				}
			}
			select {
			case <-called:
				t.Error("what the body names was fetched")
			default:
			}
		})
	}
}

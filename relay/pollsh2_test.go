package relay

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPollsOverHTTP2 lets an agent poll as a page in a browser does: over TLS,
// in streams of one connection.
func TestPollsOverHTTP2(t *testing.T) {
	server, client := testTLS(t)
	tr := startRelay(t, Options{TLS: server})
	tp := &http.Transport{TLSClientConfig: client, ForceAttemptHTTP2: true}
	defer tp.CloseIdleConnections()
	base := "https://" + tr.addr
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ask := func(method, url, body string, fields ...string) (*http.Response, string) {
		req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return &http.Response{}, ""
		}
		for i := 0; i < len(fields); i += 2 {
			req.Header.Set(fields[i], fields[i+1])
		}
		res, err := tp.RoundTrip(req)
		if err != nil {
			t.Error(err)
			return &http.Response{}, ""
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		return res, string(got)
	}
	claim, _ := ask("POST", base+"/reversehttp?name=garage&token="+tr.token, "")
	first, _, _ := strings.Cut(strings.TrimPrefix(claim.Header.Get("Link"), "<"), ">")
	if claim.StatusCode != 201 || claim.ProtoMajor != 2 || !strings.HasPrefix(first, base+"/reversehttp/garage/") {
		t.Fatalf("claim: %s %v", claim.Status, claim.Header)
	}
	body := binary(1 << 20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, entity := ask("GET", first, "")
		head, got, _ := strings.Cut(entity, "\r\n\r\n")
		if !strings.HasPrefix(head, "POST /~garage/x HTTP/1.1\r\n") {
			t.Errorf("agent got %s", head)
		}
		sameBody(t, "request", got, body)
		if res, _ := ask("POST", first, "HTTP/1.1 200 OK\r\n\r\n"+body); res.StatusCode != 202 {
			t.Errorf("reply: %s", res.Status)
		}
	}()
	res, got := ask("POST", base+"/~garage/x", body)
	if res.StatusCode != 200 {
		t.Errorf("sender got %s", res.Status)
	}
	sameBody(t, "answer", got, body)
	<-done

	auth := []string{"Authorization", "Bearer " + tr.token}
	done = make(chan struct{})
	last := make(chan struct{})
	go func() {
		defer close(done)
		_, text := ask("POST", base+"/comet/garage", "", auth...)
		id := strings.Split(text, `"`)[3]
		go func() {
			defer close(last)
			ask("POST", base+"/comet/garage", `{"message-id":"`+id+`","status":200,"body":"ok"}`, auth...)
		}()
	}()
	if _, got := ask("GET", base+"/~garage/y", ""); got != "ok" {
		t.Errorf("sender got %q", got)
	}
	<-done
	tr.waitIdle(t, "garage", 1)

	tr.stop() // ends the poll that is open
	<-last
}

package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestForeignRequestsAreRefused(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	tests := []struct {
		name, target, head string
		want               int
	}{
		{"the only host", "/v1/status", "Host: homehook\r\n", 200},
		{"localhost", "/v1/status", "Host: localhost\r\n", 403},
		{"loopback address", "/v1/status", "Host: 127.0.0.1\r\n", 403},
		{"loopback v6", "/v1/status", "Host: [::1]\r\n", 403},
		{"with port", "/v1/status", "Host: homehook:80\r\n", 403},
		{"with dot", "/v1/status", "Host: homehook.\r\n", 403},
		{"upper case", "/v1/status", "Host: HOMEHOOK\r\n", 403},
		{"rebinding name", "/v1/status", "Host: evil.example\r\n", 403},
		{"subdomain", "/v1/status", "Host: homehook.evil.example\r\n", 403},
		{"local name", "/v1/status", "Host: homehook.local\r\n", 403},
		{"empty", "/v1/status", "Host:\r\n", 403},
		{"absolute target, own host", "http://homehook/v1/status", "Host: evil.example\r\n", 403},
		{"absolute target, other host", "http://evil.example/v1/status", "Host: homehook\r\n", 403},
		{"origin of a page", "/v1/status", "Host: homehook\r\nOrigin: https://evil.example\r\n", 403},
		{"origin null", "/v1/status", "Host: homehook\r\nOrigin: null\r\n", 403},
		{"origin empty", "/v1/status", "Host: homehook\r\nOrigin:\r\n", 403},
		{"origin our own", "/v1/status", "Host: homehook\r\norigin: http://homehook\r\n", 403},
		{"referer", "/v1/status", "Host: homehook\r\nReferer: https://evil.example/x\r\n", 403},
		{"referer empty", "/v1/status", "Host: homehook\r\nReferer:\r\n", 403},
		{"cross-site", "/v1/status", "Host: homehook\r\nSec-Fetch-Site: cross-site\r\n", 403},
		{"same-origin", "/v1/status", "Host: homehook\r\nSec-Fetch-Site: same-origin\r\n", 403},
		{"mode of a fetch", "/v1/status", "Host: homehook\r\nSec-Fetch-Mode: no-cors\r\n", 403},
		{"a hint of a client", "/v1/status", "Host: homehook\r\nsec-ch-ua-platform: x\r\n", 403},
		{"a cookie", "/v1/status", "Host: homehook\r\nCookie: a=b\r\n", 403},
		{"question before a fetch", "/v1/status", "Host: homehook\r\nAccess-Control-Request-Method: PUT\r\n", 403},
		{"a browser without any of these", "/v1/status", "Host: homehook\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n", 403},
		{"a command line", "/v1/status", "Host: homehook\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n", 200},
		{"websocket of another origin", "/v1/events", "Host: homehook\r\nOrigin: https://evil.example\r\n" +
			"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n", 403},
		{"unknown path is no exception", "/", "Host: evil.example\r\n", 403},
		{"unclean path is no exception", "//v1", "Host: evil.example\r\n", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := exchange(t, srv.path, "GET "+tt.target+" HTTP/1.1\r\n"+tt.head+"\r\n")
			if resp.StatusCode != tt.want {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, tt.want, body)
			}
			checkSafeHeaders(t, resp)
			if tt.want == 403 {
				checkProblem(t, resp, body, codeForeign)
				if !resp.Close {
					t.Error("connection stays open after a refusal")
				}
			}
		})
	}
}

func TestForeignWritesChangeNothing(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	for _, head := range []string{
		"Host: homehook\r\nSec-Fetch-Site: cross-site\r\n",
		"Host: homehook\r\nOrigin: https://evil.example\r\n",
		"Host: 127.0.0.1\r\n",
	} {
		for _, line := range []string{"PUT /v1/credentials/x", "POST /v1/credentials/x", "DELETE /v1/claims/garage"} {
			request := line + " HTTP/1.1\r\n" + head + "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nbad"
			resp, body := exchange(t, srv.path, request)
			if resp.StatusCode != 403 {
				t.Errorf("%s with %q: status %d, want 403: %s", line, head, resp.StatusCode, body)
			}
		}
	}
	if len(b.secrets) != 0 || len(b.released) != 0 {
		t.Errorf("a refused request had an effect: %v %v", b.secrets, b.released)
	}
}

func TestWithoutHostIsRefused(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	resp, body := exchange(t, srv.path, "GET /v1/status HTTP/1.0\r\n\r\n")
	if resp.StatusCode != 403 {
		t.Errorf("status %d, want 403: %s", resp.StatusCode, body)
	}
}

func TestProblemsOfPathAndMethod(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	tests := []struct {
		request string
		want    int
		code    string
		allow   string
	}{
		{"GET /", 404, codeNotFound, ""},
		{"GET /v2/status", 404, codeNotFound, ""},
		{"GET /v1/status/", 404, codeNotFound, ""},
		{"GET //v1/status", 404, codeNotFound, ""},
		{"GET /v1/../v1/status", 404, codeNotFound, ""},
		{"GET /v1/claims/a/b", 404, codeNotFound, ""},
		{"OPTIONS *", 404, codeNotFound, ""},
		{"POST /v1/status", 405, codeMethod, "GET, HEAD"},
		{"OPTIONS /v1/status", 405, codeMethod, "GET, HEAD"},
		{"GET /v1/credentials/x", 405, codeMethod, "DELETE, PUT"},
		{"GET /v1/claims/garage", 405, codeMethod, "DELETE"},
		{"BREW /v1/events", 405, codeMethod, "GET, HEAD"},
		{"GET /v1/deliveries?stat=1", 400, codeInvalid, ""},
		{"GET /v1/deliveries?limit=1;x", 400, codeInvalid, ""},
		{"GET /v1/events?after=x", 400, codeInvalid, ""},
		{"GET /v1/events?after=-1", 400, codeInvalid, ""},
		{"GET /v1/deliveries/none", 404, codeNotFound, ""},
		{"GET /v1/deliveries/panic", 500, codeFailed, ""},
		{"DELETE /v1/credentials/none", 404, codeNotFound, ""},
	}
	for _, tt := range tests {
		t.Run(tt.request, func(t *testing.T) {
			resp, body := exchange(t, srv.path, tt.request+" HTTP/1.1\r\nHost: homehook\r\n\r\n")
			if resp.StatusCode != tt.want {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, tt.want, body)
			}
			checkProblem(t, resp, body, tt.code)
			checkSafeHeaders(t, resp)
			if got := resp.Header.Get("Allow"); got != tt.allow {
				t.Errorf("Allow %q, want %q", got, tt.allow)
			}
			if strings.Contains(body, "planted") {
				t.Errorf("the text of a panic is shown: %s", body)
			}
		})
	}
}

func TestHeadIsLimited(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	resp, _ := exchange(t, srv.path, fmt.Sprintf("GET /v1/status HTTP/1.1\r\nHost: homehook\r\nX: %s\r\n\r\n", strings.Repeat("x", maxHead+8<<10)))
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", resp.StatusCode)
	}
}

func checkProblem(t *testing.T, resp *http.Response, body, code string) {
	t.Helper()
	var p Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	if p.Status != resp.StatusCode || p.Title != http.StatusText(resp.StatusCode) || p.Code != code || p.Detail == "" {
		t.Errorf("problem %+v, want status %d, code %q and a detail", p, resp.StatusCode, code)
	}
}

func checkSafeHeaders(t *testing.T, resp *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Cache-Control":           "no-store",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s is set", name)
		}
	}
}

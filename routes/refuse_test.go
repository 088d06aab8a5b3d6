package routes

import (
	"strings"
	"testing"
)

// TestRefusalsAsAsked: a sender that reads problem documents gets its errors as
// such, whichever handler they are of.
func TestRefusalsAsAsked(t *testing.T) {
	away := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://127.0.0.1:1"}})
	failed := scriptRoute(t, ScriptSpec{}, "exit", "3")
	later := scriptRoute(t, ScriptSpec{}, "exit", "75")
	for _, tt := range []struct {
		name, accept string
		route        *Route
		want         []string
	}{
		{"nothing", "", away, []string{"502 ", "Content-Type: text/plain", "Vary: Accept"}},
		{"anything", "*/*", away, []string{"Content-Type: text/plain"}},
		{"by name", "application/problem+json", away, []string{"502 Bad Gateway", "Content-Type: application/problem+json\r\n", `{"title":"Bad Gateway","status":502,"detail":"`}},
		{"json", "Application/JSON; q=0.5, text/html;q=0.4", failed, []string{`"status":500,"detail":"the script failed (exit status 3)"}`}},
		{"text before json", "application/json;q=0.5, text/plain", failed, []string{"Content-Type: text/plain"}},
		{"json is not wanted", "application/json;q=0", failed, []string{"Content-Type: text/plain"}},
		{"a weight that is none", "application/json;q=high", failed, []string{"Content-Type: application/problem+json"}},
		{"with a field", "application/json", later, []string{"503 ", "Retry-After: 60\r\n", `"title":"Service Unavailable"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request := getOnce
			if tt.accept != "" {
				request = strings.Replace(request, "\r\n\r\n", "\r\nAccept: "+tt.accept+"\r\n\r\n", 1)
			}
			f := serveRoute(t, tt.route)
			answer := ask(t, f.addr, request)
			for _, part := range tt.want {
				if !strings.Contains(answer, part) {
					t.Errorf("no %q in %q", part, answer)
				}
			}
			f.result(t)
		})
	}
}

// TestOutputOfAFailure: what a script that failed has written is kept of both
// its outputs, in bounds.
func TestOutputOfAFailure(t *testing.T) {
	long := strings.Repeat("a", maxAnswer) + "the end"
	for _, tt := range []struct {
		name, answer, said, want string
		cut                      bool
	}{
		{"nothing", "", "", "", false},
		{"one", "", "said", "said", false},
		{"the other", "answer", "", "answer", false},
		{"both", "answer", "said", "answer\nsaid", false},
		{"lines", "answer\n", "said\n", "answer\nsaid\n", false},
		{"too much", long, "said", long[len(long)-maxAnswer:] + "\nsaid", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if text, cut := together([]byte(tt.answer), []byte(tt.said)); string(text) != tt.want || cut != tt.cut {
				t.Errorf("%d bytes, cut %t: %.100q", len(text), cut, text)
			}
		})
	}
}

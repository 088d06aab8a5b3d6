package routes

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	nethttpcgi "net/http/cgi"
	"os"
	"strings"
	"time"
)

// told is what a CGI program saw.
type told struct {
	Args []string
	Dir  string
	Env  map[string]string
	Body string
}

// playCGI is a CGI program. What it plays is in its environment.
func playCGI(mode string) int {
	text := os.Getenv("PLAY_TEXT")
	switch mode {
	case "raw": // writes what it is told to
		os.Stdout.WriteString(text)
	case "fail": // and fails
		os.Stdout.WriteString(text)
		fmt.Fprint(os.Stderr, "to the history")
		return 3
	case "die":
		os.Stdout.WriteString(text)
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	case "tell":
		return playTell()
	case "cat": // of a body with a length
		body, _ := io.ReadAll(os.Stdin)
		fmt.Printf("Content-Type: text/plain\nX-Length: %s\n\n%s", os.Getenv("CONTENT_LENGTH"), body)
	case "flood": // without end
		os.Stdout.WriteString(text)
		for piece := strings.Repeat("x", 64<<10); ; {
			if _, err := os.Stdout.WriteString(piece); err != nil {
				return 1
			}
		}
	case "slow": // a piece, and another one once the test has seen the first
		os.Stdout.WriteString("Content-Type: text/plain\n\none\n")
		nc, err := net.Dial("tcp", text)
		if err != nil {
			return 1
		}
		io.Copy(io.Discard, nc)
		os.Stdout.WriteString("two\n")
	case "go": // as programs in Go are written
		nethttpcgi.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("X-URL", r.URL.String())
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.RemoteAddr, body)
		}))
	case "local": // on to where the path says, until there is nothing more
		if to := os.Getenv("PATH_INFO"); strings.HasPrefix(to, "/to/") {
			fmt.Printf("Location: %s\n\n", strings.TrimPrefix(to, "/to"))
			return 0
		} else if to == "/loop" {
			fmt.Printf("Location: %s/loop\n\n", os.Getenv("SCRIPT_NAME"))
			return 0
		}
		return playTell()
	case "leave":
		fmt.Print("Content-Type: text/plain\n\nleft")
		return playLeave("child", text)
	case "tree":
		os.Stdout.WriteString("Content-Type: text/plain\n\nbegun")
		os.Stdout.Sync()
		return play("tree", []string{text})
	}
	return 0
}

func playTell() int {
	t := told{Args: os.Args[1:], Env: map[string]string{}}
	t.Dir, _ = os.Getwd()
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		t.Env[name] = value
	}
	body, _ := io.ReadAll(os.Stdin)
	t.Body = string(body)
	fmt.Print("Content-Type: application/json\n\n")
	json.NewEncoder(os.Stdout).Encode(t)
	return 0
}

// soon is how long a test waits for what should come at once.
const soon = 10 * time.Second

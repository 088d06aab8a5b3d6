package control

import (
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
)

// hostName is the only Host that requests may have. A page that was led to the
// socket by its name can not have it.
const hostName = "homehook"

// pageHeaders are sent by browsers only, whatever their value, as are those that
// begin with browserHeaders: no page can set or leave out these.
var pageHeaders = [...]string{"Origin", "Referer", "Cookie", "Access-Control-Request-Method", "Access-Control-Request-Headers"}

const browserHeaders = "Sec-" // Sec-Fetch-Site, Sec-Websocket-Key and the like

// browserAgent begins the User-Agent of every browser. It is all that tells some of
// them: with a plain http address and no referrer they send none of the above.
const browserAgent = "Mozilla/"

// guard checks every request before next sees it, and answers for next when it
// panics.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		p := refuseCaller(r)
		if p == nil {
			p = refuseForeign(r)
		}
		if p != nil {
			s.refuse(w, r, p)
			return
		}
		// ServeMux would redirect such a path, and no client of ours sends one.
		if raw := r.URL.EscapedPath(); raw == "" || raw[0] != '/' || path.Clean(raw) != raw {
			noSuchPath(w, r)
			return
		}
		defer s.recovered(w, r)
		next.ServeHTTP(w, r)
	})
}

// refuse answers p and ends the connection: who is refused once is refused
// always, and its body is not worth reading.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, p *Problem) {
	who, _ := callerOf(r.Context())
	s.log.Warn("control request refused", keyReason, p.Detail, keyPeer, who.String())
	w.Header().Set("Connection", "close")
	p.write(w)
}

// refuseCaller returns why the user at the other end may not ask, nil if it may.
func refuseCaller(r *http.Request) *Problem {
	who, err := callerOf(r.Context())
	if err != nil {
		return newProblem(http.StatusForbidden, codeNotOwner, "not the owner (the caller can not be identified: %v)", err)
	}
	if !who.allowed {
		return newProblem(http.StatusForbidden, codeNotOwner, "not the owner (%s)", who.user)
	}
	return nil
}

// refuseForeign returns why the request could come from a web page, nil if it
// could not.
func refuseForeign(r *http.Request) *Problem {
	// With an absolute target net/http drops the Host header unseen.
	if r.Host != hostName || r.URL.Host != "" {
		return newProblem(http.StatusForbidden, codeForeign, "the host of a request must be %q, not %q", hostName, clip(r.Host))
	}
	for name := range r.Header {
		if slices.Contains(pageHeaders[:], name) || strings.HasPrefix(name, browserHeaders) {
			return newProblem(http.StatusForbidden, codeForeign, "requests with the header %s are refused: they come from web pages", clip(name))
		}
	}
	if strings.HasPrefix(r.UserAgent(), browserAgent) {
		return newProblem(http.StatusForbidden, codeForeign, "requests of browsers are refused")
	}
	return nil
}

// recovered keeps a panic in one handler from ending the agent.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.log.Error("control request panicked", keyMethod, r.Method, keyPath, r.URL.Path,
		slog.Any(keyError, v), slog.String("stack", string(debug.Stack())))
	w.Header().Set("Connection", "close")
	newProblem(http.StatusInternalServerError, codeFailed, "the agent met an error in itself; its log has the details").write(w)
}

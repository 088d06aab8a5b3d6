package http1

import (
	"context"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// ServeHTTP answers the exchange with an http.Handler, for handlers that want
// the standard types: it costs the copies that the rest of the package
// avoids. The handler may stream and flush; it cannot hijack.
func (x *Exchange) ServeHTTP(ctx context.Context, h http.Handler) error {
	r, err := x.httpRequest(ctx)
	if err != nil {
		return x.Text(400, "the request target is malformed")
	}
	w := &responseWriter{x: x, header: make(http.Header)}
	h.ServeHTTP(w, r)
	return w.finish()
}

func (x *Exchange) httpRequest(ctx context.Context) (*http.Request, error) {
	u, err := url.ParseRequestURI(string(x.Request.Target))
	if err != nil {
		return nil, err
	}
	r := &http.Request{
		Method: string(x.Request.Method), URL: u, RequestURI: string(x.Request.Target),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: x.Request.Minor,
		Host: string(x.Request.Host()), Header: x.Request.Header(),
		Body: http.NoBody, ContentLength: x.Request.Body.Length(),
	}
	if r.ProtoMinor == 0 {
		r.Proto = "HTTP/1.0"
	}
	if !x.Request.Body.Empty() {
		r.Body = io.NopCloser(x.Request.Body)
	}
	if x.c != nil {
		r.RemoteAddr = x.c.nc.RemoteAddr().String()
	}
	return r.WithContext(ctx), nil
}

// Header returns the fields as net/http keeps them: names in canonical case,
// without Host and the framing fields.
func (h *Head) Header() http.Header {
	m := make(http.Header, len(h.fields))
	for i := range h.fields {
		name, value, kind := h.At(i)
		if kind == Host || kind == ContentLength || kind == TransferEncoding {
			continue
		}
		key := textproto.CanonicalMIMEHeaderKey(string(name))
		m[key] = append(m[key], string(value))
	}
	return m
}

// responseWriter collects a short response, so that it goes out with its
// length, and streams a long or flushed one.
type responseWriter struct {
	x      *Exchange
	header http.Header
	status int
	body   []byte
	live   bool // the head is sent
	err    error
}

var _ interface {
	http.ResponseWriter
	http.Flusher
} = (*responseWriter)(nil)

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !w.live && len(w.body)+len(p) <= gather {
		w.body = append(w.body, p...)
		return len(p), nil
	}
	w.Flush()
	if w.err != nil {
		return 0, w.err
	}
	return w.x.Write(p)
}

// Flush sends the head and what was written so far.
func (w *responseWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	if !w.live {
		w.live = true
		w.head()
		if n := w.header.Get("Content-Length"); n != "" {
			if length, ok := parseLength([]byte(n)); ok {
				w.x.EndLength(length)
			} else {
				w.x.EndStream()
			}
		} else {
			w.x.EndStream()
		}
		_, w.err = w.x.Write(w.body)
	}
	if w.err == nil {
		w.err = w.x.Flush()
	}
}

func (w *responseWriter) head() {
	w.x.Start(w.status, nil)
	for name, values := range w.header {
		if HopByHop.Has(kindOf([]byte(name))) || name == "" || strings.Trim(name, tokenChars) != "" {
			continue
		}
		for _, v := range values {
			w.x.Field(name, v)
		}
	}
}

const tokenChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

func (w *responseWriter) finish() error {
	if w.live {
		if w.err != nil {
			return w.err
		}
		return w.x.Finish()
	}
	w.WriteHeader(http.StatusOK)
	w.head()
	if w.header.Get("Content-Type") == "" && len(w.body) > 0 {
		w.x.Field("Content-Type", http.DetectContentType(w.body))
	}
	n := int64(len(w.body))
	if stated, ok := parseLength([]byte(w.header.Get("Content-Length"))); ok && n == 0 && w.x.discard {
		n = stated // to HEAD, a handler may tell a length and write nothing
	}
	w.x.EndLength(n)
	if _, err := w.x.Write(w.body); err != nil {
		return err
	}
	return w.x.Finish()
}

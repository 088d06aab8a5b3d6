package control

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestExport(t *testing.T) {
	tests := []struct {
		name string
		ask  Export
	}{
		{"one", Export{ID: "0198c0de", Format: FormatHAR, Redact: true}},
		{"one with secrets", Export{ID: "0198c0de", Format: FormatCurl}},
		{"all", Export{Format: FormatCSV, Redact: true}},
		{"the newest", Export{Format: FormatCSV, Query: Query{Limit: 5000}}},
		{"some", Export{Format: FormatJSONL, Redact: true, Query: Query{Claim: "garage", State: Dead, Search: "a b", Since: time.Unix(9, 0).UTC()}}},
	}
	b := newFakeBackend()
	b.export = func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Repeat("x", 3*maxBatch))
		return err
	}
	c := startServer(t, b, nil).client
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got bytes.Buffer
			if err := c.Export(t.Context(), &got, tt.ask); err != nil || got.Len() != 3*maxBatch {
				t.Errorf("%d bytes, %v", got.Len(), err)
			}
			check(t, "request", b.exported, tt.ask, nil)
		})
	}
}

func TestExportIsRefused(t *testing.T) {
	tests := []struct{ name, target, text string }{
		{"no format", "/v1/deliveries/export", "one of csv, curl, har, jsonl"},
		{"unknown format", "/v1/deliveries/0198c0de/export?format=xlsx", "one of csv, curl, har, jsonl"},
		{"redact what", "/v1/deliveries/export?format=har&redact=no", "true or false"},
		{"a page", "/v1/deliveries/export?format=har&cursor=x", `\"cursor\"`},
		{"none at all", "/v1/deliveries/export?format=har&limit=0", "at least 1"},
		{"filter of one", "/v1/deliveries/0198c0de/export?format=har&claim=x", `\"claim\"`},
		{"filter with a typing error", "/v1/deliveries/export?format=har&cliam=x", `\"cliam\"`},
		{"times in the wrong order", "/v1/deliveries/export?format=har&since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "earlier"},
	}
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if status, text := ask(t, srv, "GET", tt.target, ""); status != 400 || !strings.Contains(text, tt.text) {
				t.Errorf("status %d, %s; want 400 and %q", status, text, tt.text)
			}
		})
	}
}

func TestExportOnTheWire(t *testing.T) {
	b := newFakeBackend()
	b.export = func(w io.Writer) error { _, err := io.WriteString(w, "a,b\r\n"); return err }
	srv := startServer(t, b, nil)
	for _, method := range []string{"GET", "HEAD"} {
		c := rawConn(t, srv.path)
		if _, err := io.WriteString(c, method+" /v1/deliveries/export?format=csv HTTP/1.1\r\nHost: homehook\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(all), "Content-Type: text/csv") || strings.Contains(string(all), "a,b") != (method == "GET") {
			t.Errorf("%s: %v, %s", method, err, all)
		}
	}
}

// TestExportFails says why while nothing is written, and breaks off after.
func TestExportFails(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	b.export = func(w io.Writer) error {
		_, _ = io.WriteString(w, "begun")
		return errors.New("the history cannot be read")
	}
	var got bytes.Buffer
	err := c.Export(t.Context(), &got, Export{Format: FormatCSV})
	if p := asProblem(t, err); p.Status != http.StatusInternalServerError || p.Detail != "the history cannot be read" || got.Len() > 0 {
		t.Errorf("problem %+v after %q", p, &got)
	}
	b.export = func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 2*maxBatch))
		return errors.New("the history cannot be read")
	}
	if err := c.Export(t.Context(), &got, Export{Format: FormatCSV}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken off: %v, want io.ErrUnexpectedEOF", err)
	}
	b.export, b.err = nil, ErrNotFound
	if err := c.Export(t.Context(), &got, Export{ID: "none", Format: FormatCSV}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such delivery: %v", err)
	}
}

package detail

import (
	"bytes"
	"strings"
	"testing"
)

func FuzzParts(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"), "b")
	f.Add([]byte("--b\r\n\r\n"), "b")
	f.Add([]byte("--b\nA\n\n--b"), "")
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		parts, _ := partsOf(body, boundary)
		if len(parts) > mostParts+1 {
			t.Fatalf("%d parts", len(parts))
		}
		for _, p := range parts {
			if p.size > len(body) {
				t.Fatalf("a part of %d bytes in a body of %d", p.size, len(body))
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "application/json")
	f.Add([]byte("a=%zz&b"), "application/x-www-form-urlencoded")
	f.Add([]byte("\x89PNG\r\n\x1a\n"), "image/png")
	f.Add([]byte("GIF89a\xff\xff\xff\xff"), "image/gif")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		head := []byte("POST / HTTP/1.1\r\nContent-Type: " + kind + "\r\n\r\n")
		media, parameters := typeOf(head)
		r := read(content{bytes: body, kind: media, parameters: parameters, size: int64(len(body))})
		for _, v := range r.views {
			if d := r.docs[v]; d != nil && !bytes.Equal(d.Bytes(), body) {
				t.Fatalf("view %s has other bytes", v)
			}
		}
		if len(body) > 0 && len(r.views) < 2 {
			t.Fatalf("no view of %q", body)
		}
		_, _ = fieldsOf(body)
		_, _ = parseFields(string(body))
	})
}

func BenchmarkRead(b *testing.B) {
	bodies := []struct {
		name string
		content
	}{
		{"json", content{bytes: []byte("[" + strings.Repeat(`{"id":1,"name":"octocat"},`, 1<<20/25) + "0]"), kind: "application/json"}},
		{"line", content{bytes: bytes.Repeat([]byte("a"), 1<<20), kind: "text/plain"}},
		{"deep", content{bytes: bytes.Repeat([]byte("["), 100_000), kind: "application/json"}},
		{"form", content{bytes: bytes.Repeat([]byte("a=1&"), 100_000), kind: "application/x-www-form-urlencoded"}},
		{"binary", content{bytes: make([]byte, 10<<20), kind: "application/octet-stream"}},
	}
	for _, one := range bodies {
		b.Run(one.name, func(b *testing.B) {
			for b.Loop() {
				read(one.content)
			}
		})
	}
}

package expression

import (
	"fmt"
	"strings"
	"testing"
)

// pushed is a body of 2 KiB, as GitHub sends them.
func pushed() string {
	var b strings.Builder
	b.WriteString(`{"ref":"refs/heads/main","repository":{"name":"blog","id":123456789,"private":false},"commits":[`)
	for i := 0; b.Len() < 2000; i++ {
		fmt.Fprintf(&b, `{"id":"%040d","message":"a change of something","author":{"name":"Ann","email":"ann@example.com"},"distinct":true},`, i)
	}
	return strings.TrimSuffix(b.String(), ",") + `],"forced":false}`
}

func BenchmarkCondition(b *testing.B) {
	for _, bb := range []struct{ name, text string }{
		{"header", `header["X-GitHub-Event"] == "push"`},
		{"json", `header["X-GitHub-Event"] == "push" && json.ref == "refs/heads/main"`},
		{"loop", `any(json.commits, .author.name == "Bob")`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			c := mustCompile(b, bb.text)
			d := delivery(pushed())
			b.ReportAllocs()
			for b.Loop() {
				c.Eval(NewInput(d))
			}
		})
	}
}

func BenchmarkTemplate(b *testing.B) {
	x := mustTemplate(b, "{json.repository.name}")
	in := NewInput(delivery(pushed()))
	b.ReportAllocs()
	for b.Loop() {
		x.Text(in)
	}
}

func BenchmarkReadJSON(b *testing.B) {
	body := []byte(pushed())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		readJSON(body)
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		mustCompile(b, `header["X-GitHub-Event"] == "push" && json.ref == "refs/heads/main"`)
	}
}

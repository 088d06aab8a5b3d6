package part

import (
	"bytes"
	"strings"
	"testing"
)

// megabyte is JSON of about 1 MB.
func megabyte() []byte {
	var b bytes.Buffer
	b.WriteString(`[`)
	for b.Len() < 1<<20 {
		b.WriteString(`{"id":583231,"login":"octocat","labels":["heating","urgent",null],"draft":false},`)
	}
	b.WriteString(`0]`)
	return b.Bytes()
}

func BenchmarkJSONDoc(b *testing.B) {
	text := megabyte()
	deep := bytes.Repeat([]byte("["), 100_000)
	b.Run("1MB", func(b *testing.B) {
		for b.Loop() {
			_, _ = JSONDoc(text)
		}
	})
	b.Run("deep", func(b *testing.B) {
		for b.Loop() {
			_, _ = JSONDoc(deep)
		}
	})
}

func BenchmarkCode(b *testing.B) {
	line := []byte(strings.Repeat("a long line without an end; ", 1<<20/28))
	array, err := JSONDoc(megabyte())
	if err != nil {
		b.Fatal(err)
	}
	docs := []struct {
		name string
		doc  *Doc
	}{
		{"json", array},
		{"line", TextDoc(line)},
		{"deep", TextDoc(bytes.Repeat([]byte("["), 100_000))},
		{"binary", HexDoc(make([]byte, 10<<20))},
	}
	for _, d := range docs {
		b.Run(d.name+"/show", func(b *testing.B) {
			c, _ := shownCode(b, "")
			for b.Loop() {
				c.Set(d.doc)
			}
		})
		b.Run(d.name+"/scroll", func(b *testing.B) {
			c, _ := shownCode(b, "")
			c.Set(d.doc)
			at := 0
			for b.Loop() {
				at = (at + 7919) % c.lines.count()
				c.cursor = at
				c.toCursor(true)
			}
		})
	}
	b.Run("json/fold", func(b *testing.B) {
		c, _ := shownCode(b, "")
		c.Set(array)
		for b.Loop() {
			c.toggle(0)
		}
	})
}

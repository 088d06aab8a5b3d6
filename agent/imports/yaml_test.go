package imports

import (
	"strings"
	"testing"
)

// TestToJSON holds what is said of files that cannot be read.
func TestToJSON(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"JSON with a member without a colon", "[\n {\"a\" 1}\n]", "it is no JSON: line 2, column 7: invalid character '1' after object key"},
		{"with letters of several bytes", "[\"\u00fc\" x]", "it is no JSON: line 1, column 6: invalid character 'x' after array element"},
		{"JSON that ends", "[{\"a\":", "it is no JSON: it ends in line 1 before its lists and objects are closed"},
		{"YAML", "a: b: c", "line 1, column "},
		{"YAML with commas", "{a: 1,}", ""},
	} {
		_, err := toJSON([]byte(tt.in))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

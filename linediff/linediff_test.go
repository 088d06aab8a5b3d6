package linediff

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, " ")
}

func TestUnified(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"equal", "a b c", "a b c", ""},
		{"both empty", "", "", ""},
		{"one line", "a", "b", "@@ -1 +1 @@\n-a\n+b\n"},
		{"from nothing", "", "a b", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"to nothing", "a b", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"in the middle", "1 2 3 4 x 5 6 7 8", "1 2 3 4 y 5 6 7 8", "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-x\n+y\n 5\n 6\n 7\n"},
		{"at the end", "1 2 3 4 5", "1 2 3 4 5 6", "@@ -3,3 +3,4 @@\n 3\n 4\n 5\n+6\n"},
		{"near each other", "x 1 2 3 4 5 6 y", "X 1 2 3 4 5 6 Y", "@@ -1,8 +1,8 @@\n-x\n+X\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n+Y\n"},
		{"far from each other", "x 1 2 3 4 5 6 7 y", "X 1 2 3 4 5 6 7 Y", "@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n"},
		{"moved", "a b c d", "b c d a", "@@ -1,4 +1,4 @@\n-a\n b\n c\n d\n+a\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want != "" {
				want = "--- old\n+++ new\n" + want
			}
			if got := Unified("old", "new", split(tt.old), split(tt.new)); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestUnifiedAgainstPatch has another program turn one text into the other.
func TestUnifiedAgainstPatch(t *testing.T) {
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("needs patch")
	}
	for seed := range 20 {
		old, new := scrambled(seed, 60), scrambled(seed+1000, 60)
		dir := t.TempDir()
		file := filepath.Join(dir, "text")
		if err := os.WriteFile(file, []byte(strings.Join(old, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(patch, "-s", file)
		cmd.Stdin = strings.NewReader(Unified("old", "new", old, new))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("seed %d: %v: %s", seed, err, out)
		}
		if got, _ := os.ReadFile(file); string(got) != strings.Join(new, "\n")+"\n" {
			t.Errorf("seed %d: patch made\n%s", seed, got)
		}
	}
}

// scrambled is a text of few different lines, the same for a seed each time.
func scrambled(seed, n int) (text []string) {
	x := uint32(seed)*2654435761 + 1
	for i := range n {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		if x%4 == 0 {
			text = append(text, fmt.Sprint("odd ", x%7))
		} else {
			text = append(text, fmt.Sprint("line ", i))
		}
	}
	return text
}

func TestUnifiedIsBounded(t *testing.T) {
	var old, new []string
	for i := range 3000 {
		old, new = append(old, fmt.Sprint("o", i)), append(new, fmt.Sprint("n", i))
	}
	got := Unified("old", "new", append([]string{"same"}, old...), append([]string{"same"}, new...))
	if n := strings.Count(got, "\n"); n != 2+1+1+6000 {
		t.Errorf("%d lines", n)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nc")
	f.Add("", "a")
	f.Add("a\na\na\na\na\na\na\na\na\nb", "b\na\na\na\na\na\na\na\na\na")
	f.Fuzz(func(t *testing.T, old, now string) {
		was, is := strings.Split(old, "\n"), strings.Split(now, "\n")
		var left, right []string
		for _, c := range compare(was, is) {
			if c.kind != '+' {
				left = append(left, c.text)
			}
			if c.kind != '-' {
				right = append(right, c.text)
			}
		}
		if strings.Join(left, "\n") != old || strings.Join(right, "\n") != now {
			t.Fatalf("a comparison of %q and %q gives %q and %q", old, now, left, right)
		}
		if same := Unified("a", "b", was, is) == ""; same != (old == now) {
			t.Fatalf("%q and %q are the same: %v", old, now, same)
		}
	})
}

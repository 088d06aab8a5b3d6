package main

import (
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEditorCommand(t *testing.T) {
	tests := []struct {
		name   string
		env    map[string]string
		exists []string
		want   []string
		err    string
	}{
		{"EDITOR", map[string]string{"EDITOR": "nano"}, []string{"nano"}, []string{"nano"}, ""},
		{"VISUAL wins", map[string]string{"EDITOR": "ed", "VISUAL": "emacs"}, []string{"ed", "emacs"}, []string{"emacs"}, ""},
		{"with arguments", map[string]string{"EDITOR": " code  --wait "}, []string{"code"}, []string{"code", "--wait"}, ""},
		{"path with a blank", map[string]string{"EDITOR": "/opt/my editor/ed"}, []string{"/opt/my editor/ed"}, []string{"/opt/my editor/ed"}, ""},
		{"not there", map[string]string{"EDITOR": "nothing"}, nil, nil, `$EDITOR is "nothing"`},
		{"none named", nil, []string{"vi", "notepad"}, []string{"vi"}, ""},
		{"none at all", nil, nil, nil, "no editor was found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := editorCommand(func(name string) string { return tt.env[name] }, func(file string) (string, error) {
				if slices.Contains(tt.exists, file) {
					return file, nil
				}
				return "", exec.ErrNotFound
			})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if tt.name == "none named" && len(got) == 1 && got[0] == "notepad" {
				return // on Windows
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestReadLine(t *testing.T) {
	r := strings.NewReader("yes\nrest")
	if got, err := readLine(r); string(got) != "yes" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := readLine(r); string(got) != "rest" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := readLine(r); len(got) != 0 || err != nil {
		t.Errorf("at the end: %q, %v", got, err)
	}
	broken := errors.New("broken")
	if _, err := readLine(io.MultiReader(strings.NewReader("y"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("broken: %v", err)
	}
	if got, _ := readLine(strings.NewReader(strings.Repeat("x", 1<<20))); len(got) > 4<<10 {
		t.Errorf("%d bytes of one line", len(got))
	}
}

func TestNobodyToAsk(t *testing.T) {
	a, _, errs := newTestApp(t)
	a.in = strings.NewReader("y\n")
	if yes, err := a.confirmed(t.Context(), "really?"); yes || err != nil || errs.Len() > 0 {
		t.Errorf("%t, %v, %q", yes, err, errs)
	}
}

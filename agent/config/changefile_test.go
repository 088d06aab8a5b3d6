package config

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

const small = "relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\n"

func claimEdit(name string) Edit {
	return Edit{Op: EditAdd, Part: PartClaim, Values: map[string]any{"name": name}}
}

// TestMakeStale: a change is refused if the file is not the one it was made for.
func TestMakeStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, small)
	v, err := Look(path)
	if err != nil {
		t.Fatal(err)
	}
	c := Change{Digest: v.Digest, Edits: []Edit{claimEdit("gate")}}
	now, written, err := Make(t.Context(), path, c)
	if err != nil || !written || now.Digest == v.Digest || len(now.Claims) != 2 {
		t.Fatalf("got %+v, %v, %v", now, written, err)
	}
	for _, dry := range []bool{true, false} {
		c.DryRun = dry
		if _, _, err := Make(t.Context(), path, c); !errors.Is(err, ErrStale) {
			t.Errorf("dry %v: got %v, want ErrStale", dry, err)
		}
	}
}

// TestMakeNew: a file that is not there is one with a comment, and a dry run makes
// neither it nor its folder.
func TestMakeNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.yaml")
	v, err := Look(path)
	if err != nil || v.Text != header || len(v.Problems) > 0 {
		t.Fatalf("got %+v, %v", v, err)
	}
	c := Change{Digest: v.Digest, DryRun: true, Edits: []Edit{{Op: EditAdd, Part: PartRelay, Values: map[string]any{"name": "mine", "url": "https://relay.example.com"}}}}
	if _, _, err := Make(t.Context(), path, c); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("a dry run made a folder")
	}
	c.DryRun = false
	now, written, err := Make(t.Context(), path, c)
	if err != nil || !written || !strings.HasPrefix(now.Text, header) {
		t.Fatalf("got %+v, %v, %v", now, written, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

// TestMakeText puts a whole text in place, behind a symbolic link too.
func TestMakeText(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "config.yaml")
	write(t, path, "")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	text := small + "# more\n"
	v, written, err := Make(t.Context(), link, Change{Text: text, Edits: []Edit{claimEdit("gate")}})
	if err != nil || !written || len(v.Claims) != 2 {
		t.Fatalf("got %+v, %v, %v", v, written, err)
	}
	if now, _ := os.ReadFile(path); !strings.HasSuffix(string(now), "# more\n") {
		t.Errorf("the file is %q", now)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	v, written, err = Make(t.Context(), link, Change{Text: "relays: [\n"})
	if err != nil || written || len(v.Problems) != 1 || v.Text != "relays: [\n" {
		t.Errorf("got %+v, %v, %v", v, written, err)
	}
}

// TestMakeTogether: of changes made at once none is lost.
func TestMakeTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, small)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			if _, written, err := Make(t.Context(), path, Change{Edits: []Edit{claimEdit(name)}}); err != nil || !written {
				t.Errorf("%s: %v, %v", name, written, err)
			}
		})
	}
	wg.Wait()
	if v, err := Look(path); err != nil || len(v.Claims) != 5 {
		t.Errorf("got %+v, %v", v, err)
	}
}

// TestMakeOpenToOthers: what others may change is neither used nor changed.
func TestMakeOpenToOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are Unix's")
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, small)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	v, written, err := Make(t.Context(), path, Change{Edits: []Edit{claimEdit("gate")}})
	if err != nil || written || len(v.Problems) != 1 || !strings.Contains(v.Problems[0].Remedy, "chmod") {
		t.Errorf("got %+v, %v, %v", v, written, err)
	}
}

// TestMakeDeep: values that no file can hold are refused.
func TestMakeDeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, small)
	var deep any = "x"
	for range 200 {
		deep = []any{deep}
	}
	e := claimEdit("gate")
	e.Values["queue"] = deep
	if _, _, err := Make(t.Context(), path, Change{Edits: []Edit{e}}); !errors.Is(err, ErrEdit) {
		t.Errorf("deep: got %v", err)
	}
	e = Edit{Op: EditAdd, Part: PartClaim, YAML: "name: gate\nsender: " + strings.Repeat("x", maxFile)}
	v, written, err := Make(t.Context(), path, Change{Edits: []Edit{e}})
	if err != nil || written || len(v.Problems) != 1 || v.Text != small {
		t.Errorf("large: got %v, %v", written, err)
	}
}

// made makes an edit of a text.
func made(e *Edit, text []byte) ([]byte, Problems, error) {
	d := &draft{path: "f", text: text}
	problems, err := d.edit(e)
	return d.text, problems, err
}

// TestHostileValues adds routes with such texts: each comes back as it was.
func TestHostileValues(t *testing.T) {
	for _, text := range hostileTexts {
		for _, before := range []string{small + "routes:\n  - {name: own, match: /own, unverified: true, respond: {}} # stays\n", small + "routes: [{name: own, match: /own, unverified: true, respond: {}}] # stays\n"} {
			e := Edit{Op: EditAdd, Part: PartRoute, Values: map[string]any{
				"name": "r", "claim": "garage", "match": "/r", "unverified": true, "respond": map[string]any{"body": text, "headers": map[string]any{text: text}},
			}}
			now, problems, err := made(&e, []byte(before))
			if err != nil || len(problems) > 0 {
				if hasSpelling(text) {
					t.Errorf("%q: %v, %v", text, err, problems)
				}
				continue
			}
			v := view("f", now)
			if len(v.Routes) != 2 || !alike(v.Routes[1].Values["respond"], map[string]any{"body": text, "headers": map[string]any{text: text}}) || !strings.Contains(v.Text, "# stays") {
				t.Errorf("%q: got %+v", text, v.Routes)
			}
			e = Edit{Op: EditSet, Part: PartRoute, Name: "own", Values: map[string]any{"name": "own", "match": text, "respond": map[string]any{}}}
			if now, _, err = made(&e, []byte(before)); err != nil {
				t.Errorf("set %q: %v", text, err)
			} else if v := view("f", now); v.Routes[0].Values["match"] != text {
				t.Errorf("set %q: got %+v", text, v.Routes)
			}
		}
	}
}

// TestWarningsPlaced: what is risky, or missing on the disk, is told with its place
// and keeps no change from being written.
func TestWarningsPlaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	gone := filepath.Join(filepath.Dir(path), "gone")
	write(t, path, small+"routes:\n  - {name: a, match: /a, unverified: true, forward: {to: \"http://127.0.0.1:1\", headers: {Authorization: \"Bearer Hunter2Hunter2Hunter2Hunter2\"}}}\n  - {match: /b, unverified: true, script: {command: ['"+gone+"']}}\n")
	v, written, err := Make(t.Context(), path, Change{Edits: []Edit{{Op: EditSet, Part: PartUpdates, Values: map[string]any{"off": true}}}})
	if err != nil || !written {
		t.Fatalf("got %+v, %v, %v", v, written, err)
	}
	var got []string
	for _, p := range v.Warnings {
		got = append(got, p.Part+" "+p.Name+" "+p.Field)
		if strings.Contains(p.Error(), "Hunter2") {
			t.Errorf("a secret is repeated: %v", p)
		}
	}
	for _, want := range []string{"route a forward.headers.Authorization", "route /b script.command[0]"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}

// A change that nobody waits for any more is given up, with nothing written.
func TestMakeEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, written, err := Make(ctx, path, Change{Edits: []Edit{claimEdit("gate")}}); !errors.Is(err, context.Canceled) || written {
		t.Errorf("written %t, %v", written, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was written: %v", err)
	}
}

package config

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the wanted outputs of testdata anew")

// golden runs f on the config.yaml of every archive in a folder and compares
// its answer with the section of that name.
func golden(t *testing.T, folder, section string, f func(t *testing.T, text []byte) string) {
	names, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives in testdata/%s: %v", folder, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := f(t, archive.Files[0].Data)
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: section, Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := ""
			if len(archive.Files) > 1 {
				want = string(archive.Files[1].Data)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", section, diff)
			}
		})
	}
}

// TestGood loads every configuration that was ever good: none is taken out
// again, so that an update never breaks a home.
func TestGood(t *testing.T) {
	golden(t, "good", "config.json", func(t *testing.T, text []byte) string {
		cfg, err := Parse("config.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Table == nil {
			t.Error("no table of routes")
		}
		cfg.Table = nil
		text, err = json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		out, err := json.MarshalIndent(prune(tree), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return string(out) + "\n"
	})
}

// prune drops what is zero, so that new fields leave old outputs as they are.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if v[key] = prune(value); v[key] == nil {
				delete(v, key)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	case string, float64, bool:
		if reflect.ValueOf(v).IsZero() {
			return nil
		}
	}
	return v
}

func TestBad(t *testing.T) {
	golden(t, "bad", "errors", func(t *testing.T, text []byte) string {
		cfg, err := Parse("config.yaml", text)
		if cfg != nil || err == nil {
			t.Fatalf("Parse gave a config: %+v", cfg)
		}
		ps, _ := errors.AsType[Problems](err)
		for _, p := range ps {
			if p.Remedy == "" {
				t.Errorf("no remedy: %v", p)
			}
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "Hunter2") {
			t.Errorf("a secret is repeated: %v", err)
		}
		return err.Error() + "\n"
	})
}

// TestLineEnds holds that line ends and a byte order mark change nothing.
func TestLineEnds(t *testing.T) {
	for _, folder := range []string{"good", "bad"} {
		names, _ := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
		for _, name := range names {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(archive.Files[0].Data)
			want, wantErr := Parse("config.yaml", []byte(text))
			for label, changed := range map[string]string{
				"CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
				"BOM":  "\ufeff" + text,
			} {
				got, err := Parse("config.yaml", []byte(changed))
				if diff := cmp.Diff(errText(wantErr), errText(err)); diff != "" {
					t.Errorf("%s with %s: errors differ (-want +got):\n%s", name, label, diff)
				}
				if want != nil && got != nil {
					want.Table, got.Table = nil, nil
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s with %s: config differs (-want +got):\n%s", name, label, diff)
					}
				}
			}
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseLimits(t *testing.T) {
	lines := func(format string, n int) string { return strings.Repeat(format, n) }
	tests := []struct {
		name, text, want string
	}{
		{"50 MB", lines("# padding\n", 5_000_000), "config.yaml: the file is larger than 1 MiB; keep scripts and bodies in files of their own"},
		{"deep brackets", "relays: " + lines("[", 400_000), "config.yaml:1:73: values are nested too deep"},
		{"deep dashes", "relays:\n  " + lines("- ", 400_000) + "a", "config.yaml:2:133: values are nested too deep"},
		{"many keys", lines("a:\n", 300_000), "config.yaml:10001:2: more than 10000 keys in one file"},
		{"alias bomb", "relays: [{name: a, url: 'https://x'}]\nclaims:\n- &a {name: a}\n- &b {<<: [*a" + lines(", *a", 9) + "]}\n- &c {<<: [*b" + lines(", *b", 9) +
			"]}\n- &d {<<: [*c" + lines(", *c", 9) + "]}\n- &e {<<: [*d" + lines(", *d", 9) + "]}\n- &f {<<: [*e" + lines(", *e", 9) + "]}\n", "aliases repeat too much of this file"},
		{"quadratic aliases", "claims: [{name: a}]\nroutes:\n- &r {match: /, respond: {headers: {" + lines("x: y, ", 500) + "}}}\n" + lines("- *r\n", 5000), "aliases repeat too much of this file"},
		{"many problems", "claims:\n" + lines("- {nome: a}\n", 150), "\nconfig.yaml: 200 more problems are not shown"},
		{"not UTF-8", "relays: []\n# caf\xe9\n", "config.yaml:2:6: byte 0xe9 is not text; save the file as UTF-8"},
		{"UTF-16", "r\x00e\x00l\x00", "config.yaml:1:2: byte 0x00 is not text; save the file as UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("config.yaml", []byte(tt.text))
			if !strings.Contains(errText(err), tt.want) {
				t.Errorf("got %.300s, want %s", errText(err), tt.want)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	_, err := Parse("config.yaml", []byte("relays:\n  - {name: a}\n  - {name: B, url: https://x.example}\n"))
	ps, ok := errors.AsType[Problems](err)
	if !ok || len(ps) != 2 {
		t.Fatalf("got %#v, want two Problems", err)
	}
	p, ok := errors.AsType[Problem](err)
	if !ok || p != ps[0] {
		t.Errorf("got %#v, want the first problem", p)
	}
	want := Problem{File: "config.yaml", Line: 2, Column: 5, Part: PartRelay, Name: "a", Field: "url", Message: "this relay has no url", Remedy: "add url: https://… as the relay's operator gave it"}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("first problem differs (-want +got):\n%s", diff)
	}
}

// TestFileShape holds that the decoder can set every field of the file.
func TestFileShape(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		if _, ok := reflect.New(typ).Interface().(interface{ UnmarshalText([]byte) error }); ok {
			return
		}
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(typ.Elem())
		case reflect.Map:
			if typ.Key().Kind() != reflect.String {
				t.Errorf("map with keys of type %v", typ.Key())
			}
			walk(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if f := typ.Field(i); keyName(f) == "" {
					t.Errorf("%v.%s has no key", typ, f.Name)
				} else {
					walk(f.Type)
				}
			}
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		default:
			t.Errorf("type %v cannot be decoded", typ)
		}
	}
	walk(reflect.TypeFor[file]())
}

func TestNearest(t *testing.T) {
	names := []string{"name", "claim", "match", "unverified", "forward", "script", "respond"}
	for name, want := range map[string]string{
		"macth": "match", "Match": "match", "mach": "match", "fwd": "", "colour": "", "verified": "unverified",
		"nam": "name", "scripts": "script", "x": "", "": "", "respnod": "respond", strings.Repeat("match", 100): "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		names, _ := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
		for _, name := range names {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(archive.Files[0].Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse("config.yaml", data)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("got config %v and error %v", cfg, err)
		}
		if err == nil {
			return
		}
		ps, ok := errors.AsType[Problems](err)
		if !ok || len(ps) == 0 {
			t.Fatalf("got %T, want Problems", err)
		}
		for _, p := range ps {
			if p.File == "" || p.Message == "" || p.Remedy == "" || p.Line < 0 {
				t.Errorf("incomplete problem %#v", p)
			}
		}
	})
}

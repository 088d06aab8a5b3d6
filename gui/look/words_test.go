package look_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"homehook/agent/senders"
	"homehook/agent/templates"
	"homehook/assets"
)

// used are the words and icons that the code of the app asks for, each with a place
// in it.
type used struct {
	words, plurals, icons map[string]string
}

// scan reads the code of all of the app but its tests.
func scan(t *testing.T) *used {
	t.Helper()
	u := &used{words: map[string]string{}, plurals: map[string]string{}, icons: map[string]string{}}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				u.call(t, call, files.Position(call.Pos()).String())
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// call notes one call, if it is for a word or an icon.
func (u *used) call(t *testing.T, call *ast.CallExpr, at string) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); ok && (of.Name == "look" || of.Name == "part") {
			name = f.Sel.Name
		}
	case *ast.Ident:
		if strings.HasPrefix(at, filepath.Join("..", "look")+string(filepath.Separator)) || strings.HasPrefix(at, filepath.Join("..", "part")+string(filepath.Separator)) {
			name = f.Name
		}
	}
	into, argument := map[string]string(nil), 0
	switch name {
	case "T":
		into = u.words
	case "N":
		into = u.plurals
	case "Icon", "IconIn", "Empty":
		into = u.icons
	case "Button", "Primary", "Quiet", "Danger":
		into, argument = u.icons, 1
	}
	if into == nil || len(call.Args) <= argument {
		return
	}
	literal, ok := call.Args[argument].(*ast.BasicLit)
	if !ok {
		if name == "T" || name == "N" {
			t.Errorf("%s: %s wants its words written out there", at, name)
		}
		return
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	if text != "" {
		into[text] = at
	}
}

// sent notes the fixed texts that the agent sends, which look.Known is for.
func (u *used) sent(t *testing.T) {
	t.Helper()
	all, err := templates.All()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		at := "template " + all[i].Name
		u.words[all[i].Title], u.words[all[i].About] = at, at
		for _, q := range all[i].Ask {
			u.words[q.Text] = at
		}
	}
	for _, s := range senders.All() {
		u.words[s.Title] = "sender " + s.Name
		if s.SecretFrom != "" {
			u.words[s.SecretFrom] = "sender " + s.Name
		}
	}
}

// translations are those of a language, each with the file that it is in. Plurals
// are objects of their forms.
func translations(t *testing.T, language string) (texts map[string]any, in map[string]string) {
	t.Helper()
	texts, in = map[string]any{}, map[string]string{}
	entries, err := assets.Translations.ReadDir("translations")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "."+language+".json") {
			continue
		}
		text, err := assets.Translations.ReadFile("translations/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		var one map[string]any
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatalf("%s: %v", e.Name(), err)
		}
		for key, value := range one {
			if other, ok := texts[key]; ok && !same(other, value) {
				t.Errorf("%q has one text in %s and another in %s", key, in[key], e.Name())
			}
			texts[key], in[key] = value, e.Name()
		}
	}
	return texts, in
}

func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// names are the values that a text has in it, such as {{.Count}}.
func names(text string) []string {
	var found []string
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "{{")
		if !ok {
			slices.Sort(found)
			return slices.Compact(found)
		}
		name, more, _ := strings.Cut(after, "}}")
		found, rest = append(found, strings.TrimSpace(name)), more
	}
}

// All words that the app asks for are there in German, plurals in English too, with
// the same values in them, and nothing else is.
func TestWordsAreTranslated(t *testing.T) {
	u := scan(t)
	u.sent(t)
	german, in := translations(t, "de")
	english, _ := translations(t, "en")
	for _, key := range slices.Sorted(maps.Keys(u.words)) {
		text, ok := german[key].(string)
		if !ok {
			t.Errorf("%s: %q has no German text", u.words[key], key)
			continue
		}
		if !slices.Equal(names(key), names(text)) {
			t.Errorf("%s: the German of %q has other values in it: %q", in[key], key, text)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(u.plurals)) {
		for language, texts := range map[string]map[string]any{"German": german, "English": english} {
			forms, ok := texts[key].(map[string]any)
			if !ok || forms["one"] == nil || forms["other"] == nil {
				t.Errorf("%s: %q has no %s text of one and of many", u.plurals[key], key, language)
				continue
			}
			for _, form := range forms {
				for _, name := range names(form.(string)) {
					if !slices.Contains(names(key), name) {
						t.Errorf("%s: the %s of %q has another value in it: %q", in[key], language, key, form)
					}
				}
			}
		}
	}
	for key, file := range in {
		_, word := u.words[key]
		if _, plural := u.plurals[key]; !word && !plural {
			t.Errorf("%s: nothing asks for %q", file, key)
		}
	}
}

// Every icon that the app asks for by name is there.
func TestIconsAreThere(t *testing.T) {
	for name, at := range scan(t).icons {
		if _, err := assets.Icons.ReadFile("icons/" + name + ".svg"); err != nil {
			t.Errorf("%s: there is no icon %q", at, name)
		}
	}
}

package routes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingIsMadeAtStart holds that regular expressions and tables are made when
// they are asked for: every command of the program begins with the package's
// variables, and an idle agent keeps them.
func TestNothingIsMadeAtStart(t *testing.T) {
	for _, dir := range []string{".", "expression", filepath.Join("..", "agent", "config")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		files := token.NewFileSet()
		for _, e := range entries {
			if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				f, err := parser.ParseFile(files, filepath.Join(dir, name), nil, 0)
				if err != nil {
					t.Fatal(err)
				}
				atStart(f, func(at token.Pos, what string) { t.Errorf("%s: %s", files.Position(at), what) })
			}
		}
	}
}

// atStart finds what the variables of a file have made when the program starts.
func atStart(f *ast.File, found func(token.Pos, string)) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		ast.Inspect(g, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.SelectorExpr:
				if n.Sel.Name == "MustCompile" {
					found(n.Pos(), "a regular expression is made at the start")
				}
			case *ast.CompositeLit:
				if _, isMap := n.Type.(*ast.MapType); isMap {
					found(n.Pos(), "a map is made at the start")
				}
			}
			return true
		})
	}
}

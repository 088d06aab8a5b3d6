package routes

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"homehook/http1"
)

var updateTransform = flag.Bool("update-transform", false, "write the golden files of the transforms")

// documentedTransforms are the routes in the reference's section on transforms.
func documentedTransforms(t *testing.T) map[string]Spec {
	t.Helper()
	text, err := os.ReadFile("../docs/routes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n## transform\n")
	section, _, _ = strings.Cut(section, "\n## ")
	found := map[string]Spec{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(section, -1) {
		var file struct {
			Routes []struct {
				Name      string
				Match     string
				Transform *TransformSpec
			}
		}
		if err := yaml.Unmarshal([]byte(block[1]), &file); err != nil {
			t.Fatal(err)
		}
		for _, r := range file.Routes {
			found[strings.ReplaceAll(r.Name, " ", "-")] = Spec{
				Name: r.Name, Claim: "garage", Match: r.Match, Unverified: true, Transform: r.Transform, Respond: &RespondSpec{},
			}
		}
	}
	if len(found) == 0 {
		t.Fatal("there is no example")
	}
	return found
}

// TestDocumentedTransforms runs each example of the reference. A golden file has
// a request and what became of it; one that is named otherwise says whose it is.
func TestDocumentedTransforms(t *testing.T) {
	specs := documentedTransforms(t)
	files, _ := filepath.Glob("testdata/transform/*.txt")
	seen := map[string]bool{}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			golden, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			route := strings.TrimSuffix(filepath.Base(name), ".txt")
			var request, want string
			for _, f := range golden.Files {
				text := strings.ReplaceAll(string(f.Data), "\r\n", "\n")
				switch f.Name {
				case "route":
					route = strings.ReplaceAll(strings.TrimSpace(text), " ", "-")
				case "request":
					request = text
				case "result":
					want = text
				}
			}
			spec, ok := specs[route]
			if !ok {
				t.Fatalf("the reference has no example %q", route)
			}
			seen[route] = true
			got := transformed(t, spec, request)
			if *updateTransform {
				if want == "" {
					golden.Files = append(golden.Files, txtar.File{Name: "result"})
				}
				golden.Files[len(golden.Files)-1].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(golden), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for route := range specs {
		if !seen[route] {
			t.Errorf("the example %q has no golden file", route)
		}
	}
}

// transformed returns what a route makes of a request with bare line ends, whose
// Content-Length is made to fit, in the same form.
func transformed(t *testing.T, spec Spec, request string) string {
	t.Helper()
	d, err := transformedDelivery(t, spec, request)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	head := strings.ReplaceAll(string(d.Request.Raw()), "\r\n", "\n")
	if v, _ := d.Request.Get("Content-Length"); string(v) != strconv.Itoa(len(d.Body)) {
		t.Errorf("Content-Length %s for %d bytes", v, len(d.Body))
	}
	return head + "\n" + strings.ReplaceAll(string(d.Body), "\r\n", "\n") + "\n"
}

func transformedDelivery(t *testing.T, spec Spec, request string) (*Delivery, error) {
	t.Helper()
	table, problems := Compile([]Spec{spec})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	t.Cleanup(table.Close)
	head, body, _ := strings.Cut(request, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	if strings.Contains(head, "multipart/") {
		body = strings.ReplaceAll(body, "\n", "\r\n")
	}
	head = strings.Replace(head, "Content-Length: 0", "Content-Length: "+strconv.Itoa(len(body)), 1)
	r, err := http1.ParseRequest([]byte(strings.ReplaceAll(head, "\n", "\r\n")), strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	d := &Delivery{Claim: "garage", Route: spec.Name, Request: r, Body: []byte(body)}
	route := table.claims["garage"][0]
	route.Input(d)
	return d, route.transform.apply(d)
}

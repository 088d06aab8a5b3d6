package routing

import (
	"encoding/json"
	"reflect"
	"testing"

	"homehook/agent/control"
	"homehook/gui/look"
)

// values reads the values of a route from JSON.
func values(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What the form changes is changed, and nothing else of a route.
func TestDraftChanges(t *testing.T) {
	const script = `{"match": "POST /a", "rate": {"limit": 5}, "script": {"command": ["/bin/x", "-n", "{json.a}"], "limits": {"cpu": "5s"}}}`
	const signed = `{"verify": {"scheme": "hmac", "secret": "s", "header": "X-S", "signed": "{body}"}, "respond": {}}`
	for name, c := range map[string]struct {
		from string
		do   func(*draft)
		want string
	}{
		"method":         {script, func(d *draft) { d.setMatch("PUT", d.path()) }, `{"match": "PUT /a", "rate": {"limit": 5}, "script": {"command": ["/bin/x", "-n", "{json.a}"], "limits": {"cpu": "5s"}}}`},
		"any method":     {script, func(d *draft) { d.setMatch("", "/b/") }, `{"match": "/b/", "rate": {"limit": 5}, "script": {"command": ["/bin/x", "-n", "{json.a}"], "limits": {"cpu": "5s"}}}`},
		"program":        {script, func(d *draft) { d.setCommand("script.command", "/bin/y", "-n\n{json.a}") }, `{"match": "POST /a", "rate": {"limit": 5}, "script": {"command": ["/bin/y", "-n", "{json.a}"], "limits": {"cpu": "5s"}}}`},
		"no arguments":   {script, func(d *draft) { d.setCommand("script.command", "/bin/x", "\n") }, `{"match": "POST /a", "rate": {"limit": 5}, "script": {"command": ["/bin/x"], "limits": {"cpu": "5s"}}}`},
		"variables":      {script, func(d *draft) { d.setPairs("script.env", "A=1\nB = x=y\n", "=") }, `{"match": "POST /a", "rate": {"limit": 5}, "script": {"command": ["/bin/x", "-n", "{json.a}"], "limits": {"cpu": "5s"}, "env": {"A": "1", "B": "x=y"}}}`},
		"other handler":  {script, func(d *draft) { d.setKind("respond"); d.setNumber("respond.status", "204") }, `{"match": "POST /a", "rate": {"limit": 5}, "respond": {"status": 204}}`},
		"and back":       {script, func(d *draft) { d.setKind("respond"); d.setKind("script") }, script},
		"emptied":        {`{"respond": {"status": 200}}`, func(d *draft) { d.setNumber("respond.status", "") }, `{"respond": {}}`},
		"no number":      {`{"respond": {}}`, func(d *draft) { d.setNumber("respond.status", "2x") }, `{"respond": {"status": "2x"}}`},
		"below":          {`{"notify": {}}`, func(d *draft) { d.setText("notify.ntfy.url", "https://n/x") }, `{"notify": {"ntfy": {"url": "https://n/x"}}}`},
		"below gone":     {`{"notify": {"ntfy": {"url": "https://n/x"}}}`, func(d *draft) { d.setText("notify.ntfy.url", "") }, `{"notify": {}}`},
		"below kept":     {`{"notify": {"ntfy": {"url": "u", "tags": ["a"]}}}`, func(d *draft) { d.setText("notify.ntfy.url", "") }, `{"notify": {"ntfy": {"tags": ["a"]}}}`},
		"number kept":    {`{"script": {"env": {"N": 5}}}`, func(d *draft) { d.setPairs("script.env", "N=5\nM=6", "=") }, `{"script": {"env": {"N": 5, "M": "6"}}}`},
		"same text":      {`{"name": 7}`, func(d *draft) { d.setText("name", "7") }, `{"name": 7}`},
		"flag":           {`{"off": true}`, func(d *draft) { d.setFlag("off", false); d.setFlag("continue", true) }, `{"continue": true}`},
		"unverified":     {signed, func(d *draft) { d.setScheme("") }, `{"unverified": true, "respond": {}}`},
		"verified again": {signed, func(d *draft) { d.setScheme(""); d.setScheme("hmac") }, signed},
		"another scheme": {signed, func(d *draft) { d.setScheme("github") }, `{"verify": {"scheme": "github", "secret": "s"}, "respond": {}}`},
		"first check":    {`{}`, func(d *draft) { d.setScheme("") }, `{"unverified": true}`},
		"list":           {`{"events": ["a"]}`, func(d *draft) { d.setList("events", []string{"a", "b"}) }, `{"events": ["a", "b"]}`},
		"list gone":      {`{"events": ["a"]}`, func(d *draft) { d.setList("events", nil) }, `{}`},
	} {
		d := newDraft(values(t, c.from))
		c.do(d)
		if got, want := d.values, values(t, c.want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// What lines cannot say is left to the YAML.
func TestDraftLines(t *testing.T) {
	for text, want := range map[string]bool{
		`{"script": {"command": ["/x", "a", "b c"]}}`:      true,
		`{"script": {"command": ["/x", "a\nb"]}}`:          false,
		`{"script": {"command": ["/x", ""]}}`:              false,
		`{"script": {"command": ["/x", {"a": 1}]}}`:        false,
		`{"script": {"command": "/x"}}`:                    true,
		`{"script": {"env": {"A": "x"}}}`:                  true,
		`{"script": {"env": {"A": "x\ny"}}}`:               false,
		`{"script": {"env": {"A": " x"}}}`:                 false,
		`{"script": {"env": {"A": ["x"]}}}`:                false,
		`{"script": {"env": "x"}}`:                         false,
		`{"script": {"env": {"A=B": "x"}, "command": []}}`: false,
	} {
		d := newDraft(values(t, text))
		_, commands := d.arguments("script.command")
		_, pairs := d.pairs("script.env", "=")
		if got := commands && pairs; got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// A delivery says by its head whose it is.
func TestGuess(t *testing.T) {
	for head, want := range map[string][2]string{
		"X-GitHub-Event: push\r\nX-Hub-Signature-256: x":         {"github", ""},
		"X-Gitea-Event: push\r\nX-GitHub-Event: push":            {"gitea", ""},
		"stripe-signature: t=1":                                  {"stripe", ""},
		"X-Telegram-Bot-Api-Secret-Token: s":                     {"token", "X-Telegram-Bot-Api-Secret-Token"},
		"X-Signature: s":                                         {"hmac", "X-Signature"},
		"Authorization: Basic eA==":                              {"basic", ""},
		"Authorization: bearer x":                                {"bearer", ""},
		"Content-Type: text/plain\r\nX-Mean: X-GitHub-Event: no": {"", ""},
	} {
		scheme, field := guess([]byte("POST /X-Signature: HTTP/1.1\r\n" + head + "\r\n\r\n"))
		if got := [2]string{scheme, field}; got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

func TestDraftFromDelivery(t *testing.T) {
	r := &control.Record{Head: []byte("POST /github/{x}/ HTTP/1.1\r\nX-GitHub-Event: push\r\n\r\n")}
	r.Claim, r.Method, r.Path = "garage", "POST", "/github/{x}/"
	d := draftFrom(r, []string{"mine", "my-github"})
	want := values(t, `{"claim": "garage", "match": "POST /github/{anyxx}/{$}", "forward": {}, "verify": {"scheme": "github", "secret": "my-github"}}`)
	if !reflect.DeepEqual(d.values, want) {
		t.Errorf("%v, want %v", d.values, want)
	}
}

// A copy keeps the comments where its name can be changed without reading YAML.
func TestCopied(t *testing.T) {
	for text, want := range map[string]string{
		"# c\nname: a\nmatch: / # all\n":        "# c\nname: 'it''s'\nmatch: / # all\n",
		"{name: a, match: /}":                   "",
		"name: a\nrespond:\n  body: |\nname: b": "",
	} {
		e := &control.ConfigEntry{YAML: text, Values: map[string]any{"name": "a"}}
		if got := copied(e, "it's"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A problem stands at the field that names most of its keys.
func TestFieldOf(t *testing.T) {
	fields := []string{"verify", "verify.secret", "script.command", "name"}
	for path, want := range map[string]string{
		"verify.secret": "verify.secret", "verify.hash": "verify", "script.command[2]": "script.command", "names": "", "": "", "script": "",
	} {
		if got := fieldOf(&control.ConfigProblem{Field: path}, fields); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// Problems are told of the route that they are about, by its name or its lines.
func TestTold(t *testing.T) {
	e := &control.ConfigEntry{Name: "a", YAML: "name: a\nmatch: /\n", Line: 10}
	here, elsewhere := told(e, []control.ConfigProblem{
		{Part: "route", Name: "a", Line: 11}, {Line: 10}, {Line: 12}, {Part: "route", Name: "b", Line: 30}, {Part: "route", Name: "a"},
	})
	if len(here) != 3 || here[0].Line != 2 || here[1].Line != 1 || here[2].Line != 0 || len(elsewhere) != 2 {
		t.Errorf("here %v, elsewhere %v", here, elsewhere)
	}
}

// A sign says what a change means for the route that is edited.
func TestChangeSign(t *testing.T) {
	for name, c := range map[string]struct {
		r    control.RouteResult
		want string
	}{
		"gains":    {control.RouteResult{Before: "x", After: "new"}, "add"},
		"loses":    {control.RouteResult{Before: "old", After: "x"}, "rejected"},
		"renamed":  {control.RouteResult{Before: "old", After: "new"}, "idle"},
		"same":     {control.RouteResult{Before: "new", After: "new"}, "idle"},
		"does not": {control.RouteResult{Before: "new", After: "new", PlanBefore: &control.Plan{}}, "edit"},
	} {
		if got := changeSign(&c.r, "old", "new"); got.Icon != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Plans are told in words, with what a stranger wrote made visible.
func TestPlanWords(t *testing.T) {
	if err := look.Speak("en"); err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]control.Plan{
		"run /bin/x 'a b' ‹U+202E›": {Command: []string{"/bin/x", "a b", "\u202e"}},
		"send POST http://h/‹LF›":   {Method: "POST", URL: "http://h/\n"},
		"write /srv/a":              {Files: []string{"/srv/a"}, Status: 204},
		"answer 202":                {Status: 202},
		"Show a notification":       {Handler: "notify"},
	} {
		if got := planWords(&p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

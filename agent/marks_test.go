package agent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const gitlabToken = `glpat-"x"<y>/Zz 0123+4567`

func knownMarks() *marks {
	return newMarks([]string{"gitlab", "mail", "short"}, map[string][]string{
		"gitlab": {gitlabToken, "the value before this one"}, "mail": {"correct horse battery"}, "short": {"abc"},
	})
}

func TestConceal(t *testing.T) {
	m := knownMarks()
	quoted, _ := json.Marshal(gitlabToken)
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "POST / HTTP/1.1\r\nX-A: b\r\n\r\n", "POST / HTTP/1.1\r\nX-A: b\r\n\r\n"},
		{"a field", "X-Gitlab-Token: " + gitlabToken + "\r\n", "X-Gitlab-Token: [credential gitlab]\r\n"},
		{"twice", gitlabToken + gitlabToken, "[credential gitlab][credential gitlab]"},
		{"two", gitlabToken + " correct horse battery", "[credential gitlab] [credential mail]"},
		{"an old value", "the value before this one", "[credential gitlab]"},
		{"in JSON", `{"a":` + string(quoted) + `}`, `{"a":"[credential gitlab in JSON]"}`},
		{"in a query", "a=" + url.QueryEscape(gitlabToken), "a=[credential gitlab in a URL]"},
		{"a short one", "abc", "abc"},
		{"what looks like a mark", "[credential gitlab]", "[credential! gitlab]"},
		{"what looks like that", "[credential! gitlab]", "[credential!! gitlab]"},
		{"the beginning of a mark", "a [credential", "a [credential!"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, found := m.conceal([]byte(tt.text))
			if string(got) != tt.want || found != (tt.want != tt.text) {
				t.Errorf("%q, %t, want %q", got, found, tt.want)
			}
			if back := m.reveal(got); string(back) != strings.ReplaceAll(tt.text, "the value before this one", gitlabToken) {
				t.Errorf("revealed as %q", back)
			}
		})
	}
}

// TestConcealBase64: a password is found among what is before and behind it.
func TestConcealBase64(t *testing.T) {
	m := knownMarks()
	for lead := range 7 {
		for tail := range 4 {
			plain := strings.Repeat("u", lead) + "correct horse battery" + strings.Repeat("v", tail)
			for _, code := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
				text := "Authorization: Basic " + code.EncodeToString([]byte(plain)) + "\r\n"
				got, found := m.conceal([]byte(text))
				if !found || !bytes.Contains(got, []byte("[credential mail in base64/")) {
					t.Errorf("%d, %d: %s", lead, tail, got)
				}
				if back := m.reveal(got); string(back) != text {
					t.Errorf("%d, %d: revealed as %s", lead, tail, back)
				}
			}
		}
	}
}

// TestRevealNothingElse: marks of what is not known stay, as do those that are to be
// in another text and are not.
func TestRevealNothingElse(t *testing.T) {
	m := knownMarks()
	for _, text := range []string{"[credential gone]", "[credential gitlab in Morse]", "[credential ", "[credential gitlab", "[credential  gitlab]", "[credentialgitlab]", "[credential " + strings.Repeat("x", 200) + "]"} {
		if got := m.reveal([]byte(text)); string(got) != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	if got := m.revealOnly([]byte("[credential gitlab] [credential mail]"), []byte("X: [credential mail]")); string(got) != "[credential gitlab] correct horse battery" {
		t.Errorf("%q", got)
	}
}

// TestConcealTakesNoLonger has texts that are all marks, or all values.
func TestConcealTakesNoLonger(t *testing.T) {
	m := knownMarks()
	for _, piece := range []string{markStart, "correct horse battery", "correct horse", "[credentia", "[credential mail] "} {
		text := bytes.Repeat([]byte(piece), 1<<20/len(piece))
		got, _ := m.conceal(text)
		if back := m.reveal(got); !bytes.Equal(back, text) {
			t.Errorf("%q: not the same", piece)
		}
	}
}

func FuzzConceal(f *testing.F) {
	for _, seed := range []string{"", markStart, gitlabToken, "[credential! x]", "[credential gitlab]", base64.StdEncoding.EncodeToString([]byte("me:correct horse battery"))} {
		f.Add([]byte(seed))
	}
	m := newMarks([]string{"gitlab", "mail"}, map[string][]string{"gitlab": {gitlabToken}, "mail": {"correct horse battery"}})
	f.Fuzz(func(t *testing.T, text []byte) {
		got, _ := m.conceal(text)
		if bytes.Contains(got, []byte(gitlabToken)) || !bytes.Equal(m.reveal(got), text) {
			t.Errorf("%q becomes %q, and that %q", text, got, m.reveal(got))
		}
	})
}

func BenchmarkConceal(b *testing.B) {
	m := newMarks([]string{"relay/a", "gitlab"}, map[string][]string{"relay/a": {"hh_Zm9vYmFyYmF6cXV4cXV1eGNvcmdl"}, "gitlab": {gitlabToken}})
	text := bytes.Repeat([]byte(`{"action": "opened", "number": 42, "title": "Say so"} `), 60)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.conceal(text)
	}
}

package routes

import (
	"strings"
	"testing"
)

func TestCompileReportsRules(t *testing.T) {
	verify := func(v VerifySpec) Spec { return Spec{Verify: &v} }
	for _, tt := range []struct {
		name string
		spec Spec
		path string // below the route
		want string
	}{
		{"neither", Spec{}, "unverified", "does not verify its sender"},
		{"both", Spec{Unverified: true, Verify: &VerifySpec{Scheme: "github", Secret: "s"}}, "unverified", "both verifies its sender"},
		{"no scheme", verify(VerifySpec{Secret: "s"}), "verify.scheme", "missing"},
		{"unknown scheme", verify(VerifySpec{Scheme: "GitHub", Secret: "s"}), "verify.scheme", `no scheme "GitHub"`},
		{"no secret", verify(VerifySpec{Scheme: "github"}), "verify.secret", "missing"},
		{"secret and secrets", verify(VerifySpec{Scheme: "github", Secret: "a", Secrets: []string{"b"}}), "verify.secrets", "both"},
		{"empty name", verify(VerifySpec{Scheme: "github", Secrets: []string{"a", ""}}), "verify.secrets[1]", "empty"},
		{"one name twice", verify(VerifySpec{Scheme: "github", Secrets: []string{"a", "a"}}), "verify.secrets[1]", "twice"},
		{"negative tolerance", verify(VerifySpec{Scheme: "slack", Secret: "a", Tolerance: -1}), "verify.tolerance", "negative"},
		{"useless tolerance", verify(VerifySpec{Scheme: "github", Secret: "a", Tolerance: 1}), "verify.tolerance", "promise no time"},
		{"header known", verify(VerifySpec{Scheme: "github", Secret: "a", Header: "X"}), "verify.header", "is known"},
		{"hash known", verify(VerifySpec{Scheme: "slack", Secret: "a", Hash: "sha1"}), "verify.hash", "is known"},
		{"no header", verify(VerifySpec{Scheme: "hmac", Secret: "a"}), "verify.header", "not the name of a header"},
		{"bad hash", verify(VerifySpec{Scheme: "hmac", Secret: "a", Header: "X", Hash: "md5"}), "verify.hash", "no hash"},
		{"bad encoding", verify(VerifySpec{Scheme: "hmac", Secret: "a", Header: "X", Encoding: "hex64"}), "verify.encoding", "no encoding"},
		{"parallel", Spec{Unverified: true, Parallel: 65}, "parallel", "65"},
		{"negative parallel", Spec{Unverified: true, Parallel: -1}, "parallel", "-1"},
		{"while running", Spec{Unverified: true, WhileRunning: "drop"}, "while_running", `"drop"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.spec
			s.Name, s.Claim, s.Match, s.Respond = "r", "c", "/", &RespondSpec{}
			table, problems := Compile([]Spec{s})
			if table != nil || len(problems) != 1 {
				t.Fatalf("got %+v", problems)
			}
			if p := problems[0]; p.Path != "[0]."+tt.path || !strings.Contains(p.Message, tt.want) || p.Remedy == "" {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestRules(t *testing.T) {
	plain := compileOne(t, Spec{Respond: &RespondSpec{}})
	if plain.Background() || plain.AtMostOnce() || plain.Parallel() != 0 || plain.WhileRunning() != WhileRunningWait {
		t.Errorf("%+v", plain.rules)
	}
	set := compileOne(t, Spec{Background: true, AtMostOnce: true, Parallel: 1, WhileRunning: "latest", Respond: &RespondSpec{}})
	if !set.Background() || !set.AtMostOnce() || set.Parallel() != 1 || set.WhileRunning() != WhileRunningLatest {
		t.Errorf("%+v", set.rules)
	}
	hmac := compileOne(t, Spec{Verify: &VerifySpec{Scheme: "hmac", Secret: "s", Header: "X-Signature", Hash: "sha512", Encoding: "base64"}, Respond: &RespondSpec{}})
	if hmac.Scheme() != "hmac" {
		t.Errorf("scheme %q", hmac.Scheme())
	}
}

package agent

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
	"homehook/routes"
)

func TestRouteOf(t *testing.T) {
	for _, tt := range []struct {
		in   routes.Spec
		want control.Route
	}{
		{
			routes.Spec{Name: "a", Claim: "c", Match: "/", Unverified: true, Respond: &routes.RespondSpec{}},
			control.Route{Name: "a", Claim: "c", Match: "/", Unverified: true, Handler: "respond"},
		},
		{
			routes.Spec{Match: "POST /x", Forward: &routes.ForwardSpec{To: "http://127.0.0.1:1"}, Continue: true, When: "true", Off: true},
			control.Route{Name: "POST /x", Match: "POST /x", Handler: "forward", Target: "http://127.0.0.1:1", Continue: true, When: "true", Off: true},
		},
		{
			routes.Spec{
				Name: "c", Script: &routes.ScriptSpec{Command: []string{"/bin/x", "secret argument"}}, Events: []string{"push"},
				Verify: &routes.VerifySpec{Scheme: "github", Secrets: []string{"new", "old"}},
				Also: []routes.HandlerSpec{
					{Save: &routes.SaveSpec{Folder: "/f"}},
					{Notify: &routes.NotifySpec{}},
				},
			},
			control.Route{
				Name: "c", Handler: "script", Target: "/bin/x", Events: []string{"push"}, Verify: "github", Secret: "new",
				Also: []string{"save", "notify"},
			},
		},
		{
			routes.Spec{Name: "d", Notify: &routes.NotifySpec{Mail: &routes.MailSpec{To: []string{"me@example.com"}}}},
			control.Route{Name: "d", Handler: "notify", Target: "me@example.com"},
		},
		{
			routes.Spec{Name: "e", CGI: &routes.CGISpec{Program: "/usr/lib/cgi-bin/x"}},
			control.Route{Name: "e", Handler: "cgi", Target: "/usr/lib/cgi-bin/x"},
		},
		{
			routes.Spec{Name: "f", FastCGI: &routes.FastCGISpec{To: "127.0.0.1:9000"}},
			control.Route{Name: "f", Handler: "fastcgi", Target: "127.0.0.1:9000"},
		},
	} {
		if diff := cmp.Diff(tt.want, RouteOf(&tt.in)); diff != "" {
			t.Error(diff)
		}
	}
}

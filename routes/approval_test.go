package routes

import (
	"errors"
	"fmt"
	"testing"

	"homehook/routes/process"
)

func TestApproveCommand(t *testing.T) {
	for _, tt := range []struct{ route, want string }{
		{"deploy", "homehook route approve deploy"},
		{"deploy the blog", "homehook route approve 'deploy the blog'"},
		{"it's", `homehook route approve 'it'\''s'`},
		{"POST /x/{$}", "homehook route approve 'POST /x/{$}'"},
	} {
		if got := ApproveCommand(tt.route); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.route, got, tt.want)
		}
	}
}

func TestUnapproved(t *testing.T) {
	other := errors.New("other")
	if got := unapproved(other, "x"); got != other {
		t.Errorf("another error became %v", got)
	}
	got := unapproved(fmt.Errorf("%w: its digest is", process.ErrChanged), "x")
	if want := "it has changed since you approved it: its digest is; look at it, then run: homehook route approve x"; got.Error() != want {
		t.Errorf("got %s", got)
	}
}

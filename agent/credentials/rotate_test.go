package credentials

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestRotate holds which values of a credential are valid when.
func TestRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, t.TempDir())
		set(t, s, "github", "first")
		rotate := func(value string, keep time.Duration) {
			t.Helper()
			time.Sleep(time.Second) // of the bubble's clock
			if err := s.Rotate("github", value, keep); err != nil {
				t.Fatal(err)
			}
		}
		wantAll := func(when string, want ...string) {
			t.Helper()
			if all, err := s.All("github"); err != nil || !slices.Equal(all, want) {
				t.Errorf("%s: %q, %v, want %q", when, all, err, want)
			}
			wantValue(t, s, "github", want[0])
			list, err := s.List()
			if err != nil || len(list) != 1 || len(list[0].Values) != len(want) || list[0].Fingerprint != fingerprint(want[0]) {
				t.Errorf("%s: %+v, %v", when, list, err)
			}
		}
		wantAll("at first", "first")
		rotate("second", time.Hour)
		wantAll("after a rotation", "second", "first")
		rotate("third", 2*time.Hour)
		wantAll("after another", "third", "second", "first")
		time.Sleep(time.Hour)
		wantAll("an hour later", "third", "second") // the first value's end was not put off
		list, err := s.List()
		if err != nil || !list[0].Values[0].Until.IsZero() || list[0].Values[1].Until.Sub(list[0].Values[0].Set) != 2*time.Hour {
			t.Errorf("%+v, %v", list, err)
		}
		rotate("fourth", 0)
		time.Sleep(30 * time.Minute)
		wantAll("after one without an end", "fourth", "third", "second")
		time.Sleep(24 * 365 * time.Hour)
		wantAll("a year later", "fourth", "third")
		if err := s.RemoveOld("github"); err != nil {
			t.Fatal(err)
		}
		wantAll("without the old ones", "fourth")
		if err := s.RemoveOld("github"); err != nil {
			t.Error(err)
		}
		rotate("fifth", 7*24*time.Hour)
		rotate("sixth", time.Minute)
		time.Sleep(time.Hour)
		wantAll("an hour after one of a minute", "sixth", "fourth") // whose week goes on
		set(t, s, "github", "seventh")
		wantAll("set", "seventh")
	})
}

// TestEnded holds that a value that has run out is no longer in the file after the
// next change.
func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, t.TempDir())
		set(t, s, "github", "first")
		if err := s.Rotate("github", "second", time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		set(t, s, "other", "v")
		c, err := s.readSealed()
		if err != nil || len(c.entries["github"].Values) != 1 {
			t.Errorf("%+v, %v", c.entries["github"], err)
		}
	})
}

func TestRotateRefused(t *testing.T) {
	s := open(t, t.TempDir())
	wantError(t, "Rotate", s.Rotate("github", "v", 0), ErrNotFound, "github")
	wantError(t, "RemoveOld", s.RemoveOld("github"), ErrNotFound, "github")
	wantError(t, "Rotate to nothing", s.Rotate("github", "", 0), nil, "the value is empty")
	wantError(t, "RemoveOld of no name", s.RemoveOld("A"), nil, "a credential's name")
	if names := filesIn(t, s.dir); len(names) > 0 {
		t.Errorf("files were made: %q", names)
	}
	set(t, s, "github", "0")
	for i := 1; i < maxValues; i++ {
		if err := s.Rotate("github", fmt.Sprint(i), 0); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "Rotate", s.Rotate("github", "more", 0), nil, "has 10 values already; remove the old ones first: homehook secret remove github --old")
	if all, err := s.All("github"); err != nil || len(all) != maxValues || all[0] != "9" {
		t.Errorf("All() = %q, %v", all, err)
	}
}

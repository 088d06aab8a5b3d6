package activity

import (
	"image/png"
	"os"
	"testing"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"homehook/agent/control"
	"homehook/gui/stage"
)

func TestZZ(t *testing.T) {
	s := stage.New(t, household)
	s.Window.SetPadded(false)
	s.Window.Resize(fyne.NewSize(1000, 500))
	sc := newScreen(s.Desk)
	s.Window.SetContent(sc.Content())
	example(sc)
	now := time.Now()
	for i, d := range []control.Delivery{
		{Claim: "github", State: control.Waiting, Method: "POST", Path: "/api/v3/repos/homehook/homehook/hooks/12345678/deliveries/événement", Route: "deploy the blog when main moves", Status: 202, DurationMS: 61000, Size: 7321234},
		{Claim: "a-very-long-claim-name-of-mine", State: control.Duplicate, Method: "PROPFIND", Path: "/", Query: "token=" + "x123456789012345678901234567890123456789012345678901234567890", Route: "", Status: 200},
		{Claim: "doorbell", State: control.Received, Method: "POST", Path: "/日本語/パス", Size: 100},
		{Claim: "doorbell", State: control.Expired, Method: "POST", Path: "/ring", Route: "notify", Size: 999_600},
	} {
		d.ID, d.Received = fmt.Sprint("x", i), now.Add(-time.Duration(i*i*i*3)*time.Hour)
		sc.model.head = append([]*control.Delivery{&d}, sc.model.head...)
	}
	sc.model.chosen = 5
	sc.sync()
	sc.focusList()
	f, _ := os.Create("/tmp/activity-zz.png")
	png.Encode(f, s.Window.Canvas().Capture())
	f.Close()
}

package settings

import (
	"fyne.io/fyne/v2"

	"homehook/gui/look"
	"homehook/gui/part"
)

// notices are the kinds of notifications.
type notices struct{ desk *part.Desk }

func newNotices(d *part.Desk) *notices { return &notices{desk: d} }

func (n *notices) content() fyne.CanvasObject {
	p := n.desk.App.Preferences()
	rows := []fyne.CanvasObject{}
	for _, kind := range []struct{ key, word, hint string }{
		{part.NoticeRoutes, look.T("What routes notify me of"), look.T("The handler “notify” of a route shows here what it says.")},
		{part.NoticeFailures, look.T("Deliveries that failed"), look.T("One notification for all of a minute, not one each.")},
		{part.NoticeAway, look.T("The agent has ended"), look.T("When it has been away for half a minute.")},
		{part.NoticeSilent, look.T("Claims that became silent"), look.T("For claims with a silence alarm, and when deliveries come again.")},
	} {
		check := part.NewCheck(kind.word, func(on bool) { p.SetBool(kind.key, on) })
		check.Tick(part.Wants(p, kind.key))
		rows = append(rows, part.Tight(check, part.Muted(kind.hint)))
	}
	return group(look.T("Show notifications for"), rows...)
}

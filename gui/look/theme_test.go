package look

import (
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// luminance of a colour, as WCAG has it.
func luminance(t *Theme, name fyne.ThemeColorName) float64 {
	r, g, b, _ := t.Color(name, theme.VariantLight).RGBA()
	l := 0.0
	for i, c := range []uint32{r, g, b} {
		v := float64(c) / 0xffff
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += v * [...]float64{0.2126, 0.7152, 0.0722}[i]
	}
	return l
}

func contrast(t *Theme, a, b fyne.ThemeColorName) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Every text can be read on every ground on which it may lie.
func TestContrast(t *testing.T) {
	grounds := []fyne.ThemeColorName{
		theme.ColorNameBackground, ColourCard, ColourSide, ColourCode, theme.ColorNameInputBackground,
		theme.ColorNameOverlayBackground, theme.ColorNameMenuBackground, theme.ColorNameHeaderBackground,
	}
	texts := []fyne.ThemeColorName{
		theme.ColorNameForeground, theme.ColorNamePlaceHolder, theme.ColorNamePrimary, theme.ColorNameHyperlink,
		theme.ColorNameError, theme.ColorNameWarning, theme.ColorNameSuccess,
		ColourMuted, ColourKey, ColourString, ColourNumber, ColourMark,
	}
	for _, variant := range []string{Light, Dark} {
		th := NewTheme(variant, 1)
		for _, ground := range grounds {
			for _, text := range texts {
				if c := contrast(th, text, ground); c < 4.5 {
					t.Errorf("%s: %s on %s has a contrast of %.2f", variant, text, ground, c)
				}
			}
		}
		for text, ground := range map[fyne.ThemeColorName]fyne.ThemeColorName{
			theme.ColorNameForegroundOnPrimary: theme.ColorNamePrimary, theme.ColorNameForegroundOnError: theme.ColorNameError,
			theme.ColorNameForegroundOnWarning: theme.ColorNameWarning, theme.ColorNameForegroundOnSuccess: theme.ColorNameSuccess,
			theme.ColorNameForeground: theme.ColorNameButton,
		} {
			if c := contrast(th, text, ground); c < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f", variant, text, ground, c)
			}
		}
	}
}

// Every sign has an icon that is there; a state that nobody knows has one too.
func TestSigns(t *testing.T) {
	for _, s := range []Sign{
		DeliverySign("received"), DeliverySign("running"), DeliverySign("waiting"), DeliverySign("succeeded"), DeliverySign("rejected"),
		DeliverySign("duplicate"), DeliverySign("dead"), DeliverySign("expired"), DeliverySign("?"),
		AgentSign("connected"), AgentSign("connecting"), AgentSign("paused"), AgentSign("problem"), AgentSign("idle"), AgentSign("?"),
		FindingSign("ok"), FindingSign("warning"), FindingSign("problem"), FindingSign("skipped"),
	} {
		if len(drawn(s.Icon).Content()) < 100 || s.Word == "" {
			t.Errorf("sign %+v has no icon or no word", s)
		}
	}
	for _, handler := range []string{"forward", "respond", "notify", "save", "script", "cgi", "fastcgi", "other"} {
		if len(drawn(HandlerIcon(handler)).Content()) < 100 {
			t.Errorf("handler %s has no icon", handler)
		}
	}
}

package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colours that Fyne has no name for. They are asked for with [Colour].
const (
	// ColourMuted is that of what is read second: times, sizes, explanations. It
	// has a contrast of 4.5 and more on every ground.
	ColourMuted fyne.ThemeColorName = "muted"
	// ColourLine is that of the lines between parts of a window.
	ColourLine fyne.ThemeColorName = "line"
	// ColourSide is the ground of the side list and of the status line.
	ColourSide fyne.ThemeColorName = "side"
	// ColourCard is the ground of what lies on the window.
	ColourCard fyne.ThemeColorName = "card"
	// ColourCode is the ground of code, heads and bodies.
	ColourCode fyne.ThemeColorName = "code"
	// Colours of the words in code.
	ColourKey    fyne.ThemeColorName = "codeKey"
	ColourString fyne.ThemeColorName = "codeString"
	ColourNumber fyne.ThemeColorName = "codeNumber"
	ColourMark   fyne.ThemeColorName = "codeMark" // null, true, visible marks of what cannot be seen
)

// Variants a person may choose.
const (
	System = "" // as the desktop has it
	Light  = "light"
	Dark   = "dark"
)

// Theme is Homehook's: calm, dense enough for a list of requests, one accent.
// It is never changed once it is in use.
type Theme struct {
	variant string
	scale   float32
}

var _ fyne.Theme = (*Theme)(nil)

// NewTheme returns the theme in a variant, with text of a scale, from 0.8 to 2; 0
// is 1.
func NewTheme(variant string, scale float32) *Theme {
	if scale == 0 {
		scale = 1
	}
	return &Theme{variant: variant, scale: min(max(scale, 0.8), 2)}
}

func hex(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 0xff}
}

func veil(rgb uint32, alpha uint8) color.NRGBA {
	c := hex(rgb)
	c.A = alpha
	return c
}

// palette is one variant's colours. Each text has a contrast of 4.5 at least on
// background, card, side and code; a test holds that.
type palette map[fyne.ThemeColorName]color.NRGBA

var light = palette{
	theme.ColorNameBackground:          hex(0xfbfaf8),
	theme.ColorNameForeground:          hex(0x1f2328),
	theme.ColorNameButton:              hex(0xecebe7),
	theme.ColorNameDisabledButton:      hex(0xf1f0ed),
	theme.ColorNameDisabled:            hex(0x6a7078),
	theme.ColorNamePlaceHolder:         hex(0x656b73),
	theme.ColorNamePrimary:             hex(0x0e7263),
	theme.ColorNameForegroundOnPrimary: hex(0xffffff),
	theme.ColorNameHyperlink:           hex(0x0e7263),
	theme.ColorNameFocus:               veil(0x0e7263, 0x3c),
	theme.ColorNameSelection:           veil(0x0e7263, 0x2a),
	theme.ColorNameHover:               veil(0x1f2328, 0x0e),
	theme.ColorNamePressed:             veil(0x1f2328, 0x1c),
	theme.ColorNameInputBackground:     hex(0xf6f5f2),
	theme.ColorNameInputBorder:         hex(0xc9c8c3),
	theme.ColorNameMenuBackground:      hex(0xffffff),
	theme.ColorNameOverlayBackground:   hex(0xffffff),
	theme.ColorNameHeaderBackground:    hex(0xf3f2ee),
	theme.ColorNameScrollBar:           veil(0x1f2328, 0x55),
	theme.ColorNameSeparator:           hex(0xe2e0da),
	theme.ColorNameShadow:              veil(0x000000, 0x28),
	theme.ColorNameError:               hex(0xb3261e),
	theme.ColorNameForegroundOnError:   hex(0xffffff),
	theme.ColorNameWarning:             hex(0x8a5300),
	theme.ColorNameForegroundOnWarning: hex(0xffffff),
	theme.ColorNameSuccess:             hex(0x1a7037),
	theme.ColorNameForegroundOnSuccess: hex(0xffffff),
	ColourMuted:                        hex(0x5b6169),
	ColourLine:                         hex(0xe2e0da),
	ColourSide:                         hex(0xf3f2ee),
	ColourCard:                         hex(0xffffff),
	ColourCode:                         hex(0xf6f5f1),
	ColourKey:                          hex(0x0b5cad),
	ColourString:                       hex(0x256b2f),
	ColourNumber:                       hex(0x8a3d00),
	ColourMark:                         hex(0x8e2b7f),
}

var dark = palette{
	theme.ColorNameBackground:          hex(0x191b1e),
	theme.ColorNameForeground:          hex(0xe8e6e1),
	theme.ColorNameButton:              hex(0x2e3135),
	theme.ColorNameDisabledButton:      hex(0x25282b),
	theme.ColorNameDisabled:            hex(0x92979e),
	theme.ColorNamePlaceHolder:         hex(0x979ca3),
	theme.ColorNamePrimary:             hex(0x4cc2ae),
	theme.ColorNameForegroundOnPrimary: hex(0x08211d),
	theme.ColorNameHyperlink:           hex(0x4cc2ae),
	theme.ColorNameFocus:               veil(0x4cc2ae, 0x4c),
	theme.ColorNameSelection:           veil(0x4cc2ae, 0x38),
	theme.ColorNameHover:               veil(0xffffff, 0x10),
	theme.ColorNamePressed:             veil(0xffffff, 0x22),
	theme.ColorNameInputBackground:     hex(0x121416),
	theme.ColorNameInputBorder:         hex(0x45494e),
	theme.ColorNameMenuBackground:      hex(0x25282b),
	theme.ColorNameOverlayBackground:   hex(0x212427),
	theme.ColorNameHeaderBackground:    hex(0x1f2225),
	theme.ColorNameScrollBar:           veil(0xffffff, 0x55),
	theme.ColorNameSeparator:           hex(0x34373b),
	theme.ColorNameShadow:              veil(0x000000, 0x80),
	theme.ColorNameError:               hex(0xff8a7f),
	theme.ColorNameForegroundOnError:   hex(0x2b0704),
	theme.ColorNameWarning:             hex(0xf0b35a),
	theme.ColorNameForegroundOnWarning: hex(0x2a1900),
	theme.ColorNameSuccess:             hex(0x6fcf8a),
	theme.ColorNameForegroundOnSuccess: hex(0x06220f),
	ColourMuted:                        hex(0xa7abb1),
	ColourLine:                         hex(0x34373b),
	ColourSide:                         hex(0x1f2225),
	ColourCard:                         hex(0x212427),
	ColourCode:                         hex(0x141618),
	ColourKey:                          hex(0x86b8ff),
	ColourString:                       hex(0x93d39c),
	ColourNumber:                       hex(0xf0b35a),
	ColourMark:                         hex(0xe49bd8),
}

// Color returns a colour in the variant chosen, or else the desktop's.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch t.variant {
	case Light:
		variant = theme.VariantLight
	case Dark:
		variant = theme.VariantDark
	}
	p := light
	if variant == theme.VariantDark {
		p = dark
	}
	if c, ok := p[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, variant)
}

// Font returns Fyne's own fonts: they are part of the program and know the
// letters that people use.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

// Icon returns Fyne's icons, for its own widgets. Ours come from [Icon].
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// sizes are in device-independent pixels before scaling.
var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNameText:               13,
	theme.SizeNameCaptionText:        11.5,
	theme.SizeNameSubHeadingText:     15,
	theme.SizeNameHeadingText:        20,
	theme.SizeNamePadding:            4,
	theme.SizeNameInnerPadding:       7,
	theme.SizeNameLineSpacing:        4,
	theme.SizeNameInlineIcon:         18,
	theme.SizeNameInputRadius:        6,
	theme.SizeNameSelectionRadius:    5,
	theme.SizeNameSeparatorThickness: 1,
	theme.SizeNameInputBorder:        1,
	theme.SizeNameScrollBar:          10,
	theme.SizeNameScrollBarSmall:     4,
}

// Size returns a size; those of text, and what has to fit around it, are scaled.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	s, ok := sizes[name]
	if !ok {
		s = theme.DefaultTheme().Size(name)
	}
	switch name {
	case theme.SizeNameText, theme.SizeNameCaptionText, theme.SizeNameSubHeadingText, theme.SizeNameHeadingText, theme.SizeNameInlineIcon:
		return s * t.scale
	}
	return s
}

// Colour returns one of the colours as it is now.
func Colour(name fyne.ThemeColorName) color.Color { return theme.Color(name) }

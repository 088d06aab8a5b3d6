// Package assets holds the files that the desktop app is built with: its icons
// and its words. They are made for Homehook.
package assets

import "embed"

// Icons are SVG files of one style: 24 by 24, lines of 1.75, round ends. In each,
// the colour #000000 stands for the one of the text beside it.
//
//go:embed icons
var Icons embed.FS

// Icon is the icon of Homehook itself, an SVG file.
//
//go:embed icon.svg
var Icon []byte

// Translations are the words of the app, in files named AREA.LANGUAGE.json.
//
//go:embed translations
var Translations embed.FS

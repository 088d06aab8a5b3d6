package activity

import (
	"sort"

	"fyne.io/fyne/v2"
)

const dots = "…"

// fitEnd cuts text at its end to a width.
func fitEnd(text string, width float32) string {
	return fit(text, width, func(letters []rune, n int) string { return string(letters[:n]) + dots })
}

// fitMiddle cuts text in its middle to a width: of a path both the service and what
// it is about stay, more of the end than of the beginning.
func fitMiddle(text string, width float32) string {
	return fit(text, width, func(letters []rune, n int) string {
		begin := n * 2 / 5
		return string(letters[:begin]) + dots + string(letters[len(letters)-(n-begin):])
	})
}

// fit finds how many letters may stay, and has text cut to so many.
func fit(text string, width float32, cut func(letters []rune, n int) string) string {
	if text == "" || textWidth(text, fyne.TextStyle{}) <= width {
		return text
	}
	letters := []rune(text)
	n := sort.Search(len(letters), func(n int) bool { return textWidth(cut(letters, n), fyne.TextStyle{}) > width }) - 1
	if n < 1 {
		return ""
	}
	return cut(letters, n)
}

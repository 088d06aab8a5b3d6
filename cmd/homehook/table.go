package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// cell is one place of a table. Its text may come from anywhere: the table
// escapes it.
type cell struct{ text, colour string }

// plainCells makes cells without colour.
func plainCells(texts ...string) []cell {
	row := make([]cell, len(texts))
	for i, t := range texts {
		row[i].text = t
	}
	return row
}

// table prints rows in columns below head. Columns are as wide as their widest
// cell, and the last one is not padded.
func (a *app) table(head []string, rows [][]cell) {
	width := make([]int, len(head)) // in characters, each taken for one column wide
	for i, h := range head {
		width[i] = utf8.RuneCountInString(h)
	}
	for _, row := range rows {
		for i := range row {
			row[i].text = visible(row[i].text)
			width[i] = max(width[i], utf8.RuneCountInString(row[i].text))
		}
	}
	title := plainCells(head...)
	for i := range title {
		title[i].colour = faint
	}
	a.row(title, width)
	for _, row := range rows {
		a.row(row, width)
	}
}

// row prints one line. It pads by the width of the text alone: colours take no
// room on the screen.
func (a *app) row(row []cell, width []int) {
	var b strings.Builder
	for i, c := range row {
		b.WriteString(string(a.paint(c.colour, c.text)))
		if i < len(row)-1 {
			b.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.text)+2))
		}
	}
	fmt.Fprintln(a.out, strings.TrimRight(b.String(), " "))
}

package main

import (
	"fmt"
	"strings"
)

const (
	// diffContext is how many equal lines are shown around those that differ.
	diffContext = 3

	// maxDiff bounds the work of one comparison: the product of how many lines
	// there are on either side, without those that are equal at both ends.
	maxDiff = 4 << 20
)

// edit is one line of a comparison: equal (' '), only in the old text ('-') or
// only in the new one ('+').
type edit struct {
	kind byte
	text string
}

// unified compares two texts line by line and returns what differs in the
// unified format, "" if nothing does. The names stand in its head.
func unified(oldName, newName string, old, new []string) string {
	edits := compare(old, new)
	var b strings.Builder
	oldLine, newLine := 1, 1
	for i := 0; i < len(edits); {
		first, last := nextHunk(edits, i)
		if first == len(edits) {
			break
		}
		oldLine, newLine = oldLine+first-i, newLine+first-i // all of them equal
		if b.Len() == 0 {
			fmt.Fprintf(&b, "--- %s\n+++ %s\n", oldName, newName)
		}
		oldLine, newLine = writeHunk(&b, edits[first:last], oldLine, newLine)
		i = last
	}
	return b.String()
}

// nextHunk finds the next lines to show from i on: those that differ, with what
// is around them. Without any, first is the end.
func nextHunk(edits []edit, i int) (first, last int) {
	from := i
	for i < len(edits) && edits[i].kind == ' ' {
		i++
	}
	if i == len(edits) {
		return i, i
	}
	first = max(from, i-diffContext)
	for last = i; i < len(edits) && i <= last+2*diffContext+1; i++ {
		if edits[i].kind != ' ' {
			last = i
		}
	}
	return first, min(last+1+diffContext, len(edits))
}

// writeHunk writes lines under a head that says where they stand, and returns
// where the next ones do.
func writeHunk(b *strings.Builder, edits []edit, oldLine, newLine int) (oldNext, newNext int) {
	oldNext, newNext = oldLine, newLine
	for _, e := range edits {
		if e.kind != '+' {
			oldNext++
		}
		if e.kind != '-' {
			newNext++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", lineRange(oldLine, oldNext), lineRange(newLine, newNext))
	for _, e := range edits {
		b.WriteByte(e.kind)
		b.WriteString(e.text)
		b.WriteByte('\n')
	}
	return oldNext, newNext
}

// lineRange is a range of lines as the format has it: of none, the line before.
func lineRange(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from-1)
	case 1:
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d,%d", from, to-from)
}

// compare finds the fewest lines that have to go and to come. What is too much
// work to compare differs as a whole.
func compare(old, new []string) []edit {
	var head, tail []edit
	for len(old) > 0 && len(new) > 0 && old[0] == new[0] {
		head = append(head, edit{' ', old[0]})
		old, new = old[1:], new[1:]
	}
	for len(old) > 0 && len(new) > 0 && old[len(old)-1] == new[len(new)-1] {
		tail = append(tail, edit{' ', old[len(old)-1]})
		old, new = old[:len(old)-1], new[:len(new)-1]
	}
	all := head
	if len(old)*len(new) > maxDiff {
		all = appendLines(appendLines(all, '-', old), '+', new)
	} else {
		all = appendCommon(all, old, new)
	}
	for i := range tail {
		all = append(all, tail[len(tail)-1-i])
	}
	return all
}

func appendLines(to []edit, kind byte, lines []string) []edit {
	for _, l := range lines {
		to = append(to, edit{kind, l})
	}
	return to
}

// appendCommon appends the comparison of two texts by their longest common
// subsequence of lines.
func appendCommon(to []edit, old, new []string) []edit {
	// common[i][j] is the length of that of old[i:] and new[j:].
	width := len(new) + 1
	common := make([]int32, (len(old)+1)*width)
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(new) - 1; j >= 0; j-- {
			if old[i] == new[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(old) && j < len(new) {
		switch {
		case old[i] == new[j]:
			to = append(to, edit{' ', old[i]})
			i, j = i+1, j+1
		case common[(i+1)*width+j] >= common[i*width+j+1]:
			to = append(to, edit{'-', old[i]})
			i++
		default:
			to = append(to, edit{'+', new[j]})
			j++
		}
	}
	return appendLines(appendLines(to, '-', old[i:]), '+', new[j:])
}

// showDiff prints a comparison, in colours where they are welcome.
func (a *app) showDiff(text string) {
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		colour := ""
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			colour = bold
		case strings.HasPrefix(line, "-"):
			colour = red
		case strings.HasPrefix(line, "+"):
			colour = green
		case strings.HasPrefix(line, "@@"):
			colour = faint
		}
		a.say("%s", a.paint(colour, line))
	}
}

// Package linediff compares two texts line by line, for the differences that the
// command line and the desktop app show.
package linediff

import (
	"fmt"
	"strings"
)

const (
	// around is how many equal lines are shown around those that differ.
	around = 3
	// mostWork bounds one comparison: the product of the numbers of lines of both
	// sides, without those that are equal at their ends.
	mostWork = 1 << 20
)

// change is one line of a comparison: in both texts (' '), only in the old one
// ('-') or only in the new one ('+').
type change struct {
	kind byte
	text string
}

// Unified compares texts, given as lines, in the unified format; "" is no difference.
// The names stand in its head. The work is bounded: what is too long to compare
// differs as a whole.
func Unified(oldName, newName string, old, now []string) string {
	changes := compare(old, now)
	var b strings.Builder
	oldLine, newLine := 1, 1
	for i := 0; i < len(changes); {
		from, to := hunk(changes, i)
		if from == len(changes) {
			break
		}
		oldLine, newLine = oldLine+from-i, newLine+from-i // all of them equal
		if b.Len() == 0 {
			fmt.Fprintf(&b, "--- %s\n+++ %s\n", oldName, newName)
		}
		oldLine, newLine = writeHunk(&b, changes[from:to], oldLine, newLine)
		i = to
	}
	return b.String()
}

// hunk finds the next lines that differ, with what is around them. Where there are
// none, from is the end.
func hunk(changes []change, i int) (from, to int) {
	begin := i
	for i < len(changes) && changes[i].kind == ' ' {
		i++
	}
	if i == len(changes) {
		return i, i
	}
	last := i
	for at := i; at < len(changes) && at <= last+2*around+1; at++ {
		if changes[at].kind != ' ' {
			last = at
		}
	}
	return max(begin, i-around), min(last+1+around, len(changes))
}

func writeHunk(b *strings.Builder, changes []change, oldLine, newLine int) (oldNext, newNext int) {
	oldNext, newNext = oldLine, newLine
	for _, c := range changes {
		if c.kind != '+' {
			oldNext++
		}
		if c.kind != '-' {
			newNext++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", lineRange(oldLine, oldNext), lineRange(newLine, newNext))
	for _, c := range changes {
		b.WriteByte(c.kind)
		b.WriteString(c.text)
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
// work differs as a whole.
func compare(old, now []string) []change {
	var all []change
	for len(old) > 0 && len(now) > 0 && old[0] == now[0] {
		all = append(all, change{' ', old[0]})
		old, now = old[1:], now[1:]
	}
	same := 0
	for same < len(old) && same < len(now) && old[len(old)-1-same] == now[len(now)-1-same] {
		same++
	}
	tail := old[len(old)-same:]
	old, now = old[:len(old)-same], now[:len(now)-same]
	if len(old)*len(now) > mostWork {
		all = lines(lines(all, '-', old), '+', now)
	} else {
		all = common(all, old, now)
	}
	return lines(all, ' ', tail)
}

func lines(to []change, kind byte, texts []string) []change {
	for _, t := range texts {
		to = append(to, change{kind, t})
	}
	return to
}

// common appends a comparison by the longest common subsequence of lines.
func common(to []change, old, now []string) []change {
	// longest[i*width+j] is the length of that of old[i:] and now[j:].
	width := len(now) + 1
	longest := make([]int32, (len(old)+1)*width)
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			at := i*width + j
			if old[i] == now[j] {
				longest[at] = longest[at+width+1] + 1
			} else {
				longest[at] = max(longest[at+width], longest[at+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(old) && j < len(now) {
		switch at := i*width + j; {
		case old[i] == now[j]:
			to = append(to, change{' ', old[i]})
			i, j = i+1, j+1
		case longest[at+width] >= longest[at+1]:
			to = append(to, change{'-', old[i]})
			i++
		default:
			to = append(to, change{'+', now[j]})
			j++
		}
	}
	return lines(lines(to, '-', old[i:]), '+', now[j:])
}

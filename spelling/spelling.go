// Package spelling finds the name that was meant by one that does not exist. It
// knows no names: the keys of the configuration, the words of expressions and what
// stands on a command line come from those who ask.
package spelling

import "strings"

const (
	maxNames = 200 // that are looked at for the one that was meant
	maxName  = 64  // bytes of a name that is compared
)

// Nearest is the one of names that is most like name, "" when none is like it
// enough to be meant. Letters count alike in either case, and the beginning of a
// name is near to it. It looks at the first 200 names.
func Nearest(name string, names []string) string {
	name = strings.ToLower(name)
	best, found := len(name)/3+2, ""
	for _, n := range names[:min(len(names), maxNames)] {
		low := strings.ToLower(n)
		d := Distance(name, low)
		if strings.HasPrefix(low, name) && name != "" {
			d = min(d, 1)
		}
		if d < best && d < len(n) {
			best, found = d, n
		}
	}
	return found
}

// Distance counts the single bytes to put in, take out or change that turn a into
// b; two neighbours swapped count as one. Long names are as far apart as can be.
func Distance(a, b string) int {
	if len(a) > maxName || len(b) > maxName {
		return len(a) + len(b)
	}
	rows := make([][]int, len(a)+1) // of the distances of a[:i] from each b[:j]
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

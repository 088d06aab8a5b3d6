package config

import (
	"fmt"
	"reflect"
	"strings"
)

// blockName says in which block a path lies.
func blockName(path string) string {
	switch name := leaf(path); {
	case path == "":
		return "this file"
	case strings.HasPrefix(path, "relays[") && name == "relays":
		return "a relay"
	case strings.HasPrefix(path, "claims[") && name == "claims":
		return "a claim"
	case strings.HasPrefix(path, "routes[") && name == "routes":
		return "a route"
	default:
		return name
	}
}

// unknownKey says what is wrong with a key that the block at path, of type t,
// does not have, what to do about it, and which key was meant, if any.
func unknownKey(key, path string, t reflect.Type) (message, remedy, meant string) {
	block := blockName(path)
	message = fmt.Sprintf("unknown key %q in %s", key, block)
	keys := keysOf(t)
	if near := nearest(key, keys); near != "" {
		return message, fmt.Sprintf("did you mean %q?", near), near
	}
	return message, "it knows: " + strings.Join(keys, ", "), ""
}

// nearest is the one of names that is most like name, or "" when none is like
// it enough to be meant. It looks at the first 200, which no person exceeds.
func nearest(name string, names []string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	best, found := len(name)/3+2, ""
	for _, n := range names[:min(len(names), 200)] {
		if d := distance(name, n); d < best && d < len(n) {
			best, found = d, n
		}
	}
	return found
}

// distance counts the single-letter changes that turn a into b; two
// neighbours swapped count as one.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return len(a) + len(b)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

package routes

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"homehook/routes/expression"
)

const (
	maxValueName   = 200 // bytes of a value within a name
	maxSegmentName = 240 // bytes of one name; systems take 255, and some make theirs longer
	maxExtension   = 16  // bytes of what stays at the end of a name that is cut
)

// errNoName reports that what came left nothing of a name.
var errNoName = errors.New("the name of the file is empty")

// checkOwnName says what is wrong with the text of a name that stands in the
// configuration; value is whether an expression stands in the same segment.
func checkOwnName(pieces []expression.Piece, folder bool) error {
	const remedy = `write it like "orders/{params.shop}/{id}.json"`
	var own strings.Builder // with a letter where a value stands
	for _, p := range pieces {
		if p.Value {
			own.WriteByte('x')
		} else {
			own.WriteString(p.Text)
		}
	}
	text := own.String()
	if folder {
		text = strings.TrimSuffix(text, "/")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r == '\\' || !fitsName(r) && r != '/' }) {
		return mistaken(remedy, "the name has a character that file names cannot have everywhere")
	}
	for segment := range strings.SplitSeq(text, "/") {
		switch {
		case segment == "":
			return mistaken(remedy, "a part of the name is empty")
		case strings.Trim(segment, ". ") == "" || strings.TrimRight(segment, ". ") != segment:
			return mistaken(remedy, "a part of the name, %q, ends in a dot or space", segment)
		case isDevice(segment):
			return mistaken("use another name", "%q is the name of a device on Windows", segment)
		case len(segment) > maxSegmentName:
			return mistaken("shorten it", "a part of the name is longer than %d bytes", maxSegmentName)
		}
	}
	return nil
}

// joinName makes a path below a folder of the pieces of a name, with slashes
// between its segments. What comes out of values is one segment at most, and
// never a name that a system or a shell takes for something else.
func joinName(pieces []expression.Piece) (string, error) {
	var done []string
	var b strings.Builder
	valued := false
	end := func() {
		done = append(done, endSegment(b.String(), valued))
		b.Reset()
		valued = false
	}
	for _, p := range pieces {
		if p.Value {
			b.WriteString(cleanValue(p.Text, b.Len() == 0))
			valued = true
			continue
		}
		for i, part := range strings.Split(p.Text, "/") {
			if i > 0 {
				end()
			}
			if valued && b.Len() == 0 && strings.IndexAny(part, ".- ") == 0 {
				b.WriteByte('_') // for a value that is empty, as in {json.number}.json
			}
			b.WriteString(part)
		}
	}
	end()
	for _, s := range done {
		if s == "" || s == "." || s == ".." {
			return "", errNoName // only by text of the configuration, which is checked
		}
	}
	return strings.Join(done, "/"), nil
}

// cleanValue makes a value a part of a name; first is whether it begins one.
func cleanValue(v string, first bool) string {
	v = cutName(v, maxValueName)
	v = strings.Map(func(r rune) rune {
		if !fitsName(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(v, "_"))
	if first {
		// A dot hides a file or leads upwards; a hyphen makes an option of a
		// name where somebody writes rm *.
		rest := strings.TrimLeft(v, ".- ")
		v = strings.Repeat("_", len(v)-len(rest)) + rest
	}
	return v
}

// fitsName reports whether a character may stand in a file name on all systems,
// and shows as what it is.
func fitsName(r rune) bool {
	switch r {
	case '/', '\\', '<', '>', ':', '"', '|', '?', '*', utf8.RuneError, '\u2028', '\u2029', '\ufeff':
		return false
	}
	return !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r)
}

// endSegment makes a whole segment safe that a value stands in.
func endSegment(s string, valued bool) string {
	if !valued {
		return s
	}
	s = cutName(s, maxSegmentName)
	rest := strings.TrimRight(s, ". ") // Windows drops them
	s = rest + strings.Repeat("_", len(s)-len(rest))
	if s == "" || isDevice(s) {
		return "_" + s
	}
	return s
}

// isDevice reports whether Windows takes a name for a device, as it does in every
// folder, and with any extension.
func isDevice(segment string) bool {
	stem, _, _ := strings.Cut(segment, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	number, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		number, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && utf8.RuneCountInString(number) == 1 && strings.ContainsAny(number, "0123456789¹²³")
}

// cutName shortens a name to so many bytes, and leaves it its extension.
func cutName(s string, most int) string {
	if len(s) <= most {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > maxExtension {
		ext = ""
	}
	cut := most - len(ext)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + ext
}

// apart makes a name different from those that are taken, by a number before
// its extension.
func apart(name string, taken map[string]bool) string {
	for n, first := 2, name; taken[strings.ToLower(name)]; n++ {
		ext := path.Ext(first)
		name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(first, ext), n, ext)
	}
	taken[strings.ToLower(name)] = true
	return name
}

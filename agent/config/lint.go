package config

import (
	"errors"
	"fmt"
	"io/fs"
	"unicode"
	"unicode/utf8"

	"homehook/routes"
)

// Lint returns what is risky about the routes of the file at path: warnings, with
// which the file is as good as without. The file is one that loads; the error is
// as Load's.
func Lint(path string) (Problems, error) {
	data, err := readFile(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return lint(path, data), nil
}

// lint is Lint for a text that loads.
func lint(path string, data []byte) Problems {
	f, d := decode(path, data)
	f.fillIn(d.given)
	var found Problems
	for _, p := range routes.Lint(f.Routes) {
		found = append(found, *f.placed(at(path, d.place("routes"+p.Path), p.Message, p.Remedy), "routes"+p.Path))
	}
	for i, r := range f.Routes {
		if message, remedy := oddName(r.Name); message != "" {
			key := fmt.Sprintf("routes[%d].name", i)
			found = append(found, *f.placed(at(path, d.place(key), message, remedy), key))
		}
	}
	return found.sorted()
}

// mostName is how many characters of a name lists and logs have room for.
const mostName = 200

// oddName says what is wrong with a name that people cannot read as it is: message is
// empty for one that they can.
func oddName(name string) (message, remedy string) {
	if n := utf8.RuneCountInString(name); n > mostName {
		return fmt.Sprintf("the name of this route has %d characters", n), "give it a short one; what it does can stand in a comment"
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return fmt.Sprintf("the name of this route has the character %U in it, which cannot be seen", r), "leave it out"
		}
	}
	return "", ""
}

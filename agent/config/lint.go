package config

import (
	"errors"
	"io/fs"

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
	return found.sorted()
}

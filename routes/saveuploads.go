package routes

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"homehook/http1"
	"homehook/routes/expression"
)

// maxUploads is how many files of one delivery are saved: each costs the disk
// more than its bytes.
const maxUploads = 1000

var errTooMany = fmt.Errorf("the form has more than %d files", maxUploads)

// formOf returns the reader of a form with files, nil for another delivery.
func formOf(r *http1.Request, body io.Reader) *multipart.Reader {
	value, _ := r.Get("Content-Type")
	media, params, err := mime.ParseMediaType(string(value))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil
	}
	return multipart.NewReader(body, params["boundary"])
}

// takeUploads stages the files of a form, each on its own. Fields of the form,
// and places for files that the sender left empty, are no files.
func (st *staging) takeUploads(r *http1.Request, body io.Reader, own []expression.Piece) error {
	err := eachUpload(formOf(r, body), own, func(name string, p *multipart.Part) error {
		if len(st.files) == maxUploads {
			return errTooMany
		}
		return st.add(name, p)
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(body, consumeMax)) // for the history
	return err
}

// eachUpload calls take with each file of a form and the name it gets.
func eachUpload(form *multipart.Reader, own []expression.Piece, take func(name string, p *multipart.Part) error) error {
	if form == nil {
		return nil
	}
	taken := map[string]bool{}
	for {
		p, err := form.NextPart()
		if err == io.EOF { // one that is wrapped is in the middle of the form
			return nil
		} else if err != nil {
			return fmt.Errorf("read the form: %w", err)
		}
		given, isFile := uploadName(p)
		if !isFile {
			continue
		}
		name, err := joinName(append(slices.Clone(own), behind(own, given)...))
		if err != nil {
			return err
		}
		if err := take(apart(name, taken), p); err != nil {
			return err
		}
	}
}

// uploadName returns the name that the sender gave a file, without the folders
// that some put before it.
func uploadName(p *multipart.Part) (name string, isFile bool) {
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err != nil || params["filename"] == "" {
		return "", false
	}
	name = params["filename"]
	return name[strings.LastIndexAny(name, `/\`)+1:], true
}

// behind are the pieces of a name behind those of the configuration: a hyphen
// and the file's own name, or only that in a folder.
func behind(own []expression.Piece, given string) []expression.Piece {
	file := expression.Piece{Text: given, Value: true}
	if n := len(own); n > 0 && !own[n-1].Value && strings.HasSuffix(own[n-1].Text, "/") {
		return []expression.Piece{file}
	}
	return []expression.Piece{{Text: "-"}, file}
}

// planUploads returns the names that the files of a delivery would get.
func planUploads(d *Delivery, own []expression.Piece) (names []string, err error) {
	if len(d.Body) == 0 && !d.Request.Body.Empty() && formOf(d.Request, nil) != nil {
		name, err := joinName(append(slices.Clone(own), behind(own, "FILE")...))
		return []string{name}, err // nobody has read the body
	}
	err = eachUpload(formOf(d.Request, bytes.NewReader(d.Body)), own, func(name string, _ *multipart.Part) error {
		if names = append(names, name); len(names) > maxUploads {
			return errTooMany
		}
		return nil
	})
	return names, err
}

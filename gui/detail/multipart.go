package detail

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"

	"homehook/gui/look"
)

const (
	// mostParts of a multipart body are listed.
	mostParts = 1000
	// mostValue bytes of a part are shown as its value.
	mostValue = 2000
)

// formPart is one part of a multipart body.
type formPart struct {
	name, file, kind string
	value            string // its beginning, of one that is text
	size             int
}

// partsOf reads the parts of a multipart body, as far as it can; the error says
// what ended it before the end.
func partsOf(body []byte, boundary string) ([]formPart, error) {
	if boundary == "" || len(boundary) > 70 {
		return nil, errors.New(look.T("The parts cannot be told apart: the Content-Type has no boundary for them."))
	}
	var parts []formPart
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return parts, errors.New(look.T("The parts end before their last boundary, or are damaged."))
		}
		if len(parts) == mostParts {
			return parts, errors.New(look.T("There are too many parts to show: these are the first 1,000."))
		}
		one, err := partOf(p)
		parts = append(parts, one)
		if err != nil {
			return parts, errors.New(look.T("The parts end before their last boundary, or are damaged."))
		}
	}
}

// partOf reads one part, of which it keeps the beginning.
func partOf(p *multipart.Part) (formPart, error) {
	out := formPart{name: p.FormName(), file: p.FileName(), kind: p.Header.Get("Content-Type")}
	begin, err := io.ReadAll(io.LimitReader(p, mostValue))
	out.size = len(begin)
	if err == nil {
		var rest int64
		rest, err = io.Copy(io.Discard, p)
		out.size += int(rest)
	}
	if isText(begin) {
		out.value = string(begin)
		if out.size > len(begin) {
			out.value = strings.ToValidUTF8(out.value, "") + "…"
		}
	}
	return out, err
}

package routes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"homehook/routes/expression"
)

// editPairs changes the pairs of a name in a query or a form, and counts by how
// much it grows. The other pairs stay as they are written. A new value stands
// where the first pair stood.
func (x *changed) editPairs(text, name string, e edit) (string, error) {
	if strings.Count(text, "&") > maxChanged {
		return "", errors.New("the form has too many fields")
	}
	var pairs []string
	if text != "" {
		pairs = strings.Split(text, "&")
	}
	is := func(pair, name string) bool {
		n, _, _ := strings.Cut(pair, "=")
		return pair != "" && expression.Unquote(n) == name
	}
	at := slices.IndexFunc(pairs, func(p string) bool { return is(p, name) })
	switch {
	case e.drop:
		pairs = slices.DeleteFunc(pairs, func(p string) bool { return is(p, name) })
	case e.name != "" && at < 0:
	case e.name != "":
		pairs = slices.DeleteFunc(pairs, func(p string) bool { return e.name != name && is(p, e.name) })
		most, escaped := maxGrown, url.QueryEscape(e.name)
		for i, p := range pairs {
			if is(p, name) {
				_, rest, ok := strings.Cut(p, "=")
				if pairs[i] = escaped; ok {
					pairs[i] += "=" + rest
				}
				if most -= len(pairs[i]) - len(p); most < 0 {
					return "", errGrown
				}
			}
		}
	default:
		pair := url.QueryEscape(name) + "=" + url.QueryEscape(*e.value)
		if at < 0 {
			pairs = append(pairs, pair)
			break
		}
		pairs[at] = pair
		rest := slices.DeleteFunc(pairs[at+1:], func(p string) bool { return is(p, name) })
		pairs = pairs[:at+1+len(rest)]
	}
	edited := strings.Join(pairs, "&")
	return edited, x.grow(len(edited) - len(text))
}

// editForm changes a field of a form. In a body that is none there is nothing to
// rename or to drop.
func (x *changed) editForm(at spot, e edit) error {
	media, params, _ := mime.ParseMediaType(x.contentType())
	switch media {
	case "application/x-www-form-urlencoded":
		body, err := x.editPairs(string(x.body), at.name, e)
		if err != nil {
			return fmt.Errorf("%s cannot be changed: %w", at.written, err)
		}
		x.body, x.json = []byte(body), false
		return nil
	case "multipart/form-data":
		body, err := editParts(x.body, params["boundary"], at.name, e)
		if err != nil {
			return fmt.Errorf("%s cannot be changed: %w", at.written, err)
		}
		grown := len(body) - len(x.body)
		x.body, x.json = body, false
		return x.grow(grown)
	}
	if e.value != nil {
		return fmt.Errorf("%s cannot be set: the body is not a form", at.written)
	}
	return nil
}

// formPart is a part of a multipart form.
type formPart struct {
	*multipart.Part
	name    string
	content []byte
}

// maxFormParts is how many parts a form may have that is changed.
const maxFormParts = 1000

// readParts reads a multipart form.
func readParts(body []byte, boundary string) (parts []formPart, err error) {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return nil, errors.New("the form is malformed")
		}
		if len(parts) == maxFormParts {
			return nil, errors.New("the form has too many parts")
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return nil, errors.New("the form is malformed")
		}
		parts = append(parts, formPart{p, p.FormName(), content})
	}
}

// editParts changes the fields of a name in a multipart form. What is in the
// parts stays as it is; the fields of their heads come out sorted.
func editParts(body []byte, boundary, name string, e edit) ([]byte, error) {
	parts, err := readParts(body, boundary)
	if err != nil {
		return nil, err
	}
	found := slices.ContainsFunc(parts, func(p formPart) bool { return p.name == name })
	if !found && e.value == nil {
		return body, nil
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		return nil, errors.New("the form is malformed")
	}
	done := false
	for _, p := range parts {
		switch {
		case p.name == name && e.drop || e.name != "" && e.name != name && p.name == e.name:
			continue
		case p.name == name && e.name != "":
			p.Header.Set("Content-Disposition", disposition(e.name, p.FileName()))
		case p.name == name && done:
			continue
		case p.name == name:
			done = true
			if err := w.WriteField(name, *e.value); err != nil {
				return nil, err
			}
			continue
		}
		to, err := w.CreatePart(p.Header)
		if err == nil {
			_, err = to.Write(p.content)
		}
		if err != nil {
			return nil, err
		}
	}
	if e.value != nil && !done {
		if err := w.WriteField(name, *e.value); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// disposition is the Content-Disposition of a form's part.
func disposition(name, file string) string {
	escape := strings.NewReplacer("\\", "\\\\", `"`, "\\\"", "\r", "%0D", "\n", "%0A").Replace
	text := fmt.Sprintf(`form-data; name="%s"`, escape(name))
	if file != "" {
		text += fmt.Sprintf(`; filename="%s"`, escape(file))
	}
	return text
}

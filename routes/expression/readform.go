package expression

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

const (
	typeForm      = "application/x-www-form-urlencoded"
	typeMultipart = "multipart/form-data"
)

// form is a body that is a form.
type form struct {
	is     bool
	fields []Field
	upload []upload
	err    error // it demands too much
}

// upload is a file in a form.
type upload struct {
	field, name, media, text string
}

// formOf reads the body once, as the form that its type says it is.
func (in *Input) formOf() *form {
	if in.form != nil {
		return in.form
	}
	in.form = &form{}
	media, whole := in.contentType()
	if media != typeForm && media != typeMultipart {
		return in.form
	}
	if len(in.d.Body) > maxBody {
		in.form.err = errLarge
		return in.form
	}
	if media == typeForm {
		in.form.is = true
		in.form.fields = parseForm(string(in.d.Body))
		if len(in.form.fields) > maxFields {
			in.form.err = errMany
		}
		return in.form
	}
	if _, params, err := mime.ParseMediaType(whole); err == nil && params["boundary"] != "" {
		in.form.multipart(in.d.Body, params["boundary"])
	}
	return in.form
}

// maxParts is how many parts a multipart body may have.
const maxParts = 1000

// multipart reads a multipart body. Of one that breaks off, nothing counts.
func (f *form) multipart(body []byte, boundary string) {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	var found form
	for n := 0; ; n++ {
		p, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return
		}
		if n == maxParts {
			f.err = errMany
			return
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return
		}
		if name := p.FileName(); name != "" {
			found.upload = append(found.upload, upload{p.FormName(), name, p.Header.Get("Content-Type"), string(text)})
		} else if name := p.FormName(); name != "" {
			found.fields = append(found.fields, Field{name, string(text)})
		}
	}
	f.is, f.fields, f.upload = true, found.fields, found.upload
}

func (u upload) object() object {
	o := newObject()
	o.set("name", u.name)
	o.set("type", u.media)
	o.set("size", len(u.text))
	o.set("text", u.text)
	return o
}

// files returns the first file of each field.
func (f *form) files() object {
	o := newObject()
	for _, u := range f.upload {
		if _, ok := o.find(u.field); !ok {
			o.set(u.field, u.object())
		}
	}
	return o
}

// parseForm reads names and values as browsers write them into a query or a
// form. An escape that is none stands for itself.
func parseForm(s string) (list []Field) {
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, Field{Unquote(name), Unquote(value)})
		if len(list) > maxFields {
			return list
		}
	}
	return list
}

// Unquote returns what a name or a value in a query or a form stands for. An
// escape that is none stands for itself.
func Unquote(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 5 }

func unhex(c byte) byte {
	if c-'0' <= 9 {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

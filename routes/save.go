package routes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"homehook/http1"
	"homehook/routes/expression"
)

const (
	saveSize = 32 << 20 // bytes of a file, unless a route says otherwise
	maxSize  = 1 << 40
)

// saver writes deliveries to files below one folder.
type saver struct {
	folder    string
	name      *expression.Template
	uploads   bool // the files of a form, each on its own
	overwrite bool
	size      int64
}

var _ handler = (*saver)(nil)

func (c *compiler) save(path string, s *SaveSpec, r *Route) *saver {
	h := &saver{folder: filepath.Clean(s.Folder), uploads: s.What == SaveFiles, overwrite: s.Overwrite, size: int64(cmp.Or(s.Size, saveSize))}
	if s.Folder == "" {
		c.report(path+".folder", "the folder is missing", "write the path of the folder that holds the files, such as /home/me/hooks")
	} else {
		c.folder(path+".folder", s.Folder)
	}
	if !slices.Contains([]string{"", SaveBody, SaveFiles}, s.What) {
		c.report(path+".what", fmt.Sprintf("%q cannot be saved", s.What), "use body or files")
	}
	if s.Size < 0 || s.Size > maxSize {
		c.report(path+".size", "the largest file is between 1 byte and 1TiB", "leave it out for "+Size(saveSize).String())
	}
	name := cmp.Or(s.Name, "{id}")
	if h.name = c.template(path+".name", name, r); h.name == nil {
		return h
	}
	// Values are empty here: it is the text around them that is looked at.
	if own, err := pieces(h.name, expression.NewInput(expression.Delivery{})); err == nil {
		if err := checkOwnName(own, h.uploads); err != nil {
			c.report(path+".name", fmt.Sprintf("the name %q cannot be used: %s", name, err), remedyOf(err))
		}
	}
	return h
}

// pieces returns the pieces of a template, of which one without expressions
// needs no input.
func pieces(t *expression.Template, in *expression.Input) ([]expression.Piece, error) {
	if text, ok := t.Literal(); ok {
		return []expression.Piece{{Text: text}}, nil
	}
	return t.Parts(in)
}

func (s *saver) close() {}

func (s *saver) serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result {
	own, err := pieces(s.name, d.Input)
	if err != nil {
		return s.fail(x, fmt.Errorf("make the name of the file: %w", err))
	}
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return s.fail(x, &writeError{s.folder, err})
	}
	defer root.Close()
	st := &staging{root: root, id: cleanValue(d.ID, true), limit: s.size, overwrite: s.overwrite}
	defer st.discard()
	release := abortWith(ctx, d.Request.Body)
	defer release()
	body := &heard{r: d.Request.Body}
	switch {
	case s.uploads:
		err = st.takeUploads(d.Request, body, own)
	case d.Request.Body.Length() > s.size:
		err = errTooLarge
	default:
		err = s.takeBody(st, body, own)
	}
	if err == nil {
		err = st.commit()
	}
	switch {
	case err == nil:
		return saved(x, st)
	case ctx.Err() != nil:
		x.CloseAfter()
		return (&fault{503, textStopped, errStopped, FailedStopped}).reply(x)
	case body.err != nil:
		return failBody(x, body.err)
	}
	return s.fail(x, err)
}

// takeBody stages the whole body as one file.
func (s *saver) takeBody(st *staging, body io.Reader, own []expression.Piece) error {
	name, err := joinName(own)
	if err != nil {
		return err
	}
	return st.add(name, body)
}

// heard keeps the error of a body, which those who read it put into words of
// their own.
type heard struct {
	r   io.Reader
	err error // other than its end
}

var _ io.Reader = (*heard)(nil)

func (h *heard) Read(p []byte) (n int, err error) {
	n, err = h.r.Read(p)
	if err != io.EOF {
		h.err = err
	}
	return n, err
}

// abortWith has reading from a body end with ctx. The caller calls release when
// it reads no more; nothing is left of it then.
func abortWith(ctx context.Context, b *http1.Body) (release func()) {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		b.Abort()
	})
	return func() {
		if !stop() {
			<-ended
		}
	}
}

// saved answers that all is written, and tells the history where.
func saved(x *http1.Exchange, st *staging) Result {
	var list bytes.Buffer
	for _, f := range st.files {
		fmt.Fprintf(&list, "%s (%d bytes)\n", filepath.Join(st.root.Name(), filepath.FromSlash(f.name)), f.size)
	}
	if len(st.files) == 0 {
		list.WriteString("there was no file to save\n")
	}
	res := done(x)
	res.Output, res.OutputTruncated = list.Bytes(), list.Len() > maxErrors
	if res.OutputTruncated {
		res.Output = res.Output[:maxErrors]
	}
	return res
}

// done answers that a handler did what it had to, which nobody has to read.
func done(x *http1.Exchange) Result {
	x.Start(204, nil)
	x.EndEmpty()
	if err := x.Finish(); err != nil {
		return Result{Exit: -1, Err: fmt.Errorf("write response: %w", err), Failure: FailedAnswer}
	}
	return Result{Exit: -1}
}

// fail answers for a delivery that could not be saved.
func (s *saver) fail(x *http1.Exchange, err error) Result {
	f := &fault{400, "the request cannot be saved", err, FailedRequest}
	_, unwritten := errors.AsType[*writeError](err)
	switch {
	case unwritten:
		f.status, f.text, f.kind = 503, "nothing can be saved here at present; try again later", FailedWrite
	case errors.Is(err, errTooLarge):
		f.status, f.text = 413, "this is larger than what is saved here"
		f.err = fmt.Errorf("a file is larger than %s, the most that the route saves", Size(s.size).words())
	case errors.Is(err, errThere):
		f.status, f.text = 409, "there is a file of that name already"
	}
	return f.reply(x)
}

func (s *saver) plan(d *Delivery) Plan {
	own, err := pieces(s.name, d.Input)
	if err != nil {
		return Plan{Note: "the name of the file cannot be made: " + err.Error()}
	}
	if !s.uploads {
		name, err := joinName(own)
		if err != nil {
			return Plan{Note: err.Error()}
		}
		return Plan{Files: []string{s.pathOf(name)}}
	}
	names, err := planUploads(d, own)
	p := Plan{}
	for _, n := range names {
		p.Files = append(p.Files, s.pathOf(n))
	}
	switch {
	case err != nil:
		p.Note = err.Error()
	case len(names) == 0:
		p.Note = "there is no file to save"
	}
	return p
}

func (s *saver) pathOf(name string) string {
	return filepath.Join(s.folder, filepath.FromSlash(name))
}

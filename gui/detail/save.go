package detail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// saveBody asks for a file and writes the body to it.
func (p *Pane) saveBody() {
	r := p.record
	if r == nil {
		return
	}
	said := look.T("Saved")
	if r.BodyTruncated {
		said = look.T("Saved: only the first {{.Kept}} of {{.Size}} are kept", look.V{"Kept": look.Bytes(int64(len(r.Body))), "Size": look.Bytes(r.Size)})
	}
	p.askFile("delivery-"+short(r.ID)+extension(r), func(path string) {
		p.write(path, said, func(_ context.Context, w io.Writer) error {
			_, err := w.Write(r.Body)
			return err
		})
	})
}

// exportHAR asks whether secrets are left out, and for a file.
func (p *Pane) exportHAR() {
	id := p.id
	secrets := part.NewCheck(look.T("Leave credentials, cookies and signatures in"), nil)
	p.desk.Sheet(part.SheetOptions{
		Title: look.T("Export as HAR"), Word: look.T("Choose a file…"), First: secrets,
		Content: container.NewVBox(
			part.Wrapped(look.T("An HTTP Archive can be opened with the tools of browsers and with debugging proxies. Values that are secret are replaced.")),
			secrets,
		),
		Prepare: func() (func(context.Context) error, error) {
			return func(context.Context) error { return nil }, nil
		},
		Done: func() {
			e := control.Export{ID: id, Format: control.FormatHAR, Redact: !secrets.Checked}
			p.askFile("delivery-"+short(id)+".har", func(path string) {
				p.write(path, look.T("Exported"), func(ctx context.Context, w io.Writer) error {
					return p.desk.Client().Export(ctx, w, e)
				})
			})
		},
	})
}

// short is the part of an id that is told apart by eye.
func short(id string) string { return part.Cut(id, 13)[:min(len(id), 13)] }

// extension is that of a file with the body: none that a system would run.
func extension(r *control.Record) string {
	kind, _ := typeOf(r.Head)
	switch {
	case strings.Contains(kind, "json"):
		return ".json"
	case strings.HasSuffix(kind, "xml"):
		return ".xml"
	case kind == "application/pdf":
		return ".pdf"
	case strings.HasPrefix(kind, "image/"):
		if all, err := mime.ExtensionsByType(kind); err == nil && len(all) > 0 {
			return all[0]
		}
	case strings.HasPrefix(kind, "text/"):
		return ".txt"
	}
	return ".bin"
}

// askFile asks where to write.
func (p *Pane) askFile(name string, then func(path string)) {
	d := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
		if err != nil {
			p.desk.Tell(look.T("This was not written"), err)
			return
		}
		if to == nil {
			return // not wanted
		}
		path := to.URI().Path()
		_ = to.Close()
		then(path)
	}, p.desk.Window)
	d.SetFileName(name)
	d.Show()
}

// write writes a file beside the user interface, and says so.
func (p *Pane) write(path, said string, write func(context.Context, io.Writer) error) {
	part.Do(p.desk, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, writeWhole(path, func(w io.Writer) error { return write(ctx, w) })
	}, func(_ struct{}, err error) {
		if err != nil {
			p.desk.Tell(look.T("This was not written"), err)
			return
		}
		p.desk.Say(said)
	})
}

// writeWhole puts a file in its place once it is whole. Only its owner may read it.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if err := write(tmp); err != nil {
		return err
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	return nil
}

// cause is an error of the file system without the name of the temporary file.
func cause(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"homehook/agent"
	"homehook/service"
)

// bundle is the file for a bug report that a doctor writes.
type bundle struct {
	path string
	file *os.File
	zip  bool
	done bool
}

// newBundle makes the file, so that a doctor who has looked for a minute can write
// it. What is there is not overwritten.
func newBundle(path string) (*bundle, error) {
	b := &bundle{path: path, zip: strings.HasSuffix(path, ".zip")}
	if !b.zip && !strings.HasSuffix(path, ".tar.gz") && !strings.HasSuffix(path, ".tgz") {
		return nil, misused("the name of a bundle ends with .zip, .tar.gz or .tgz, and %q does not", path)
	}
	var err error
	b.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, withNext(fmt.Errorf("%s is there already", path), "give the bundle another name")
	}
	if err != nil {
		return nil, fmt.Errorf("write bundle: %w", err)
	}
	return b, nil
}

// discard removes a bundle that was not written whole.
func (b *bundle) discard() {
	if !b.done {
		b.file.Close()
		os.Remove(b.path)
	}
}

// packed is one file in a bundle.
type packed struct {
	name string
	text []byte
}

// bundleNote says what a bundle is.
const bundleNote = `This is what "homehook doctor --bundle" found out for a bug report.

checkup.txt      what the doctor found, for people; checkup.json the same for programs
system.json      versions, and what they run on
status.json      what the agent says of itself, if it ran
service.json     what the system says of the agent's service, if it has one
config.yaml      keys and shape of the configuration; the values of a few keys that cannot be secret
deliveries.json  how many deliveries the history has in each state
log.txt          the last lines of the agent's log

Left out are credentials, deliveries with all that is in them, and from the
configuration all but modes, times, sizes, switches and the names of relays, claims,
routes and stored credentials. What is left out of the configuration is masked in the
other files too, as are credentials however they are written, hosts and addresses,
userinfo, paths and queries of URLs, and what looks random.

Look through it before you send it all the same: a secret of ordinary words that
neither the store nor the configuration has is not known for one.
`

// write writes the bundle.
func (b *bundle) write(v *visit) error {
	entries, err := b.entries(v)
	if err != nil {
		return err
	}
	pack := packTar
	if b.zip {
		pack = packZip
	}
	if err := errors.Join(pack(b.file, entries), b.file.Sync(), b.file.Close()); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	b.done = true
	return nil
}

// entries are what is in a bundle.
func (b *bundle) entries(v *visit) ([]packed, error) {
	r := v.report
	var system *service.Status
	if v.service != nil {
		masked, err := agent.Masked(*v.service, v.service.User)
		if err != nil {
			return nil, fmt.Errorf("write bundle: %w", err)
		}
		system = &masked
	}
	list := []packed{{"README.txt", []byte(bundleNote)}}
	var text bytes.Buffer
	(&app{out: &text}).checkup(&r.Checkup)
	list = append(list, packed{"checkup.txt", text.Bytes()})
	for _, e := range []struct {
		name  string
		value any
		there bool
	}{
		{"checkup.json", r.Checkup, true},
		{"system.json", r.System, true},
		{"status.json", r.Status, r.Status != nil},
		{"service.json", system, system != nil},
		{"deliveries.json", r.Deliveries, r.Status != nil},
	} {
		if !e.there {
			continue
		}
		out, err := json.MarshalIndent(e.value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write bundle: %w", err)
		}
		list = append(list, packed{e.name, append(out, '\n')})
	}
	if r.Config != "" {
		list = append(list, packed{"config.yaml", []byte(r.Config)})
	}
	if len(r.Log) > 0 {
		list = append(list, packed{"log.txt", []byte(strings.Join(r.Log, "\n") + "\n")})
	}
	return list, nil
}

const bundleFolder = "homehook-doctor"

func packZip(w io.Writer, entries []packed) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		f, err := z.CreateHeader(&zip.FileHeader{Name: path.Join(bundleFolder, e.name), Method: zip.Deflate, Modified: time.Now()})
		if err != nil {
			return err
		}
		if _, err := f.Write(e.text); err != nil {
			return err
		}
	}
	return z.Close()
}

func packTar(w io.Writer, entries []packed) error {
	gz := gzip.NewWriter(w)
	t := tar.NewWriter(gz)
	for _, e := range entries {
		h := &tar.Header{Name: path.Join(bundleFolder, e.name), Mode: 0o600, Size: int64(len(e.text)), ModTime: time.Now().Truncate(time.Second)}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(e.text); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), gz.Close())
}

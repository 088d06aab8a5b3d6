package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"slices"

	"homehook/routes"
)

// Load reads and checks the file at path. A file that is not there gives an
// empty Config. The error is [Problems] when the content is bad or others may
// change the file, and something else when it cannot be read. What is wrong with
// programs and folders that the file names is no error: see Faults.
//
// A process that runs as root loads a file of any user, to look at it or to edit it
// in that user's place; [LoadToRun] is for one that does what the file says.
func Load(path string) (*Config, error) {
	cfg, _, err := load(path, false)
	return cfg, err
}

// LoadToRun is Load for the agent: one that runs as root does what a file of root's
// says and no other.
func LoadToRun(path string) (*Config, error) {
	cfg, _, err := load(path, true)
	return cfg, err
}

// digest tells one content of the file from another.
type digest [sha256.Size]byte

// load also gives the digest of what it read, the zero one for no file.
func load(path string, obey bool) (*Config, digest, error) {
	data, err := readFile(path, obey)
	if errors.Is(err, fs.ErrNotExist) {
		cfg, err := Parse(path, nil)
		return cfg, digest{}, err
	}
	if err != nil {
		return nil, digest{}, err
	}
	cfg, err := Parse(path, data)
	if cfg != nil {
		cfg.Digest = digestOf(data)
	}
	return cfg, sha256.Sum256(data), err
}

// readFile gives the content of the file at path, after a look at who may
// change it. A symbolic link is followed: who may change the link and who may
// change what it points to is looked at both.
func readFile(path string, obey bool) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, Problems{{File: path, Message: "this is not a regular file", Remedy: "put a plain file in its place"}}
	}
	if p := checkAccess(path, obey); p != nil {
		return nil, Problems{*p}
	}
	// One byte more than allowed is enough to see that it is too large.
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	return data, nil
}

// Parse checks data as the content of the file at path, which it does not
// read. The error is always [Problems]. Scripts and files of roots that the
// configuration names are looked at where they lie.
func Parse(path string, data []byte) (*Config, error) {
	f, d := decode(path, data)
	if d.unreadable {
		return nil, d.problems
	}
	f.fillIn(d.given)
	c := checker{decoder: d, file: f, reported: map[string]bool{}}
	table := c.check()
	d.assign(f)
	if slices.ContainsFunc(d.problems, func(p Problem) bool { return !p.Passing }) {
		if table != nil {
			table.Close()
		}
		return nil, d.problems.sorted()
	}
	return &Config{
		Faults:  d.problems.sorted(),
		Path:    path,
		Relays:  f.Relays,
		Claims:  f.Claims,
		Routes:  f.Routes,
		Table:   table,
		History: f.History.history(),
		Updates: f.Updates,
	}, nil
}

// decode reads data into the shape of the file and nothing more: no defaults,
// no checks between one value and another. The decoder has the problems and
// the places.
func decode(path string, data []byte) (*file, *decoder) {
	f := &file{}
	doc, problem := read(path, data)
	d := newDecoder(path, doc)
	if problem != nil {
		d.problems, d.unreadable = Problems{*problem}, true
		return f, d
	}
	if doc.root != nil {
		d.value(doc.root, reflect.ValueOf(f).Elem(), "")
	}
	return f, d
}

// compile has the routes compiled and puts what is wrong with them in place.
func (c *checker) compile() *routes.Table {
	table, problems := routes.CompileToRun(c.file.Routes)
	// Of two about a value, what is wrong with the file itself may not be left out.
	passing := func(p routes.Problem) bool { return p.Passing }
	lasting := slices.DeleteFunc(slices.Clone(problems), passing)
	for _, p := range append(lasting, problems...) {
		// One sentence about a value is enough, ours or theirs.
		path, remedy := "routes"+p.Path, p.Remedy
		if leaf(path) == "when" && c.commented(c.places[path]) {
			remedy = "YAML takes # for a comment: " + quotesRemedy
		}
		if !c.reported[path] {
			before := len(c.problems)
			c.report(path, p.Message, remedy)
			if len(c.problems) > before {
				c.problems[before].Passing = p.Passing
			}
		}
	}
	return table
}

package credentials

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// maxSealed bounds what is read as a sealed file, in bytes.
const maxSealed = 16 << 20

// format is the version of the sealed file that is written, and the only one
// that is read.
const format = 2

// head says under which root key the values of a file are sealed. It stands in
// the file twice, so that no single spoiled byte takes all values with it.
type head struct {
	Key     string `json:"key"` // the id of the root key; random, no secret
	Version int    `json:"version"`
	Place   Place  `json:"place"`
	// Salt and Cost make the root key of a passphrase.
	Salt []byte `json:"salt,omitempty"`
	Cost *cost  `json:"cost,omitempty"`
	// Check is nothing, sealed: it tells the right root key from a wrong one.
	Check []byte `json:"check"`
	Sum   string `json:"sum"`
}

// entry is a credential in the file. One without values has lost them.
type entry struct {
	Name   string        `json:"name"`
	Values []sealedValue `json:"values"` // newest first
	Sum    string        `json:"sum"`
}

type sealedValue struct {
	ID     string    `json:"id"` // random; no value can be put in the place of another
	Set    time.Time `json:"set"`
	Until  time.Time `json:"until,omitzero"`
	Sealed []byte    `json:"sealed"`
}

// valid says whether a value has not run out.
func (v sealedValue) valid(now time.Time) bool { return v.Until.IsZero() || now.Before(v.Until) }

// content is what a sealed file says. It is never changed once it is read.
type content struct {
	head    *head // nil: neither copy can be read
	entries map[string]entry
	// lost are names whose values are spoiled, as far as a name can be read.
	lost map[string]bool
	// whole says that the file is byte for byte as it was written.
	whole bool
	// seal holds the records together; nil when it cannot be read.
	seal *fileSeal
	// after is the highest count that a file under this root key had before.
	after uint64
}

// encode gives the text of a sealed file: JSON, with a line for each record.
func (c *content) encode() ([]byte, error) {
	lines := []any{c.head}
	names := slices.AppendSeq(c.lostNames(), maps.Keys(c.entries))
	slices.Sort(names)
	for _, name := range names {
		e, ok := c.entries[name]
		if !ok {
			e = entry{Name: name}
			e.Sum = e.sum()
		}
		lines = append(lines, e)
	}
	if c.seal != nil {
		lines = append(lines, c.seal)
	}
	lines = append(lines, c.head)
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"version\":%d,\"records\":[\n", format)
	for i, line := range lines {
		text, err := json.Marshal(line)
		if err != nil {
			return nil, fmt.Errorf("write credentials: %w", err)
		}
		b.Write(text)
		if i < len(lines)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]}\n")
	if b.Len() > maxSealed {
		return nil, errors.New("the credentials take more than 16 MiB; remove some")
	}
	return b.Bytes(), nil
}

// decode reads the text of a sealed file, and of a spoiled one all that can be
// read. The error is for a file that is another version's, or too large. It
// repeats nothing of the file.
func decode(data []byte) (*content, error) {
	if len(data) > maxSealed {
		return nil, errors.New("is larger than 16 MiB; restore it from a backup, or move it away and set the credentials anew")
	}
	c := &content{entries: map[string]entry{}, lost: map[string]bool{}}
	text := data
	var outer struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(data, &outer) == nil {
		var b bytes.Buffer
		if json.Compact(&b, data) == nil {
			text = b.Bytes() // somebody may have laid it out anew
		}
	}
	for len(text) > 0 {
		text = c.next(text)
	}
	for name := range c.lost {
		if _, ok := c.entries[name]; ok {
			delete(c.lost, name) // the other record's name is the spoiled one
		}
	}
	if c.head != nil && c.head.Version > format || c.head == nil && outer.Version > format {
		return nil, errors.New("was written by a newer version of Homehook; use that one")
	}
	if c.head != nil {
		again, err := c.encode()
		c.whole = err == nil && bytes.Equal(again, data)
	}
	return c, nil
}

// Each record begins with one of these, and they stand nowhere else in a file.
const (
	headMark  = `{"key":`
	entryMark = `{"name":`
	sealMark  = `{"seal":`
)

// next reads the first record of text and returns what is behind it, nothing
// when there is none.
func (c *content) next(text []byte) []byte {
	at := mark(text)
	if at == len(text) {
		return nil
	}
	text = text[at:]
	// A record ends where the next begins, at the latest: what is spoiled does
	// not take its neighbour with it.
	end := 1 + mark(text[1:])
	switch {
	case bytes.HasPrefix(text, []byte(headMark)):
		c.addHead(text[:end])
	case bytes.HasPrefix(text, []byte(sealMark)):
		c.addSeal(text[:end])
	default:
		c.addEntry(text[:end])
	}
	return text[end:]
}

// mark is where the first record of text begins, its length when there is none.
func mark(text []byte) int {
	for at := 0; ; at++ {
		i := bytes.Index(text[at:], []byte(`{"`))
		if i < 0 {
			return len(text)
		}
		at += i
		for _, begin := range []string{headMark, entryMark, sealMark} {
			if bytes.HasPrefix(text[at:], []byte(begin)) {
				return at
			}
		}
	}
}

func (c *content) addHead(text []byte) {
	var h head
	if strictly(text, &h) == nil && h.sound() && c.head == nil {
		c.head = &h
	}
}

func (c *content) addSeal(text []byte) {
	var f fileSeal
	if strictly(text, &f) == nil && f.Sum == f.sum() && f.Sum != "" && c.seal == nil {
		c.seal = &f
	}
}

func (c *content) addEntry(text []byte) {
	var e entry
	err := strictly(text, &e)
	if err == nil && e.sound() {
		if _, twice := c.entries[e.Name]; !twice {
			c.entries[e.Name] = e
		}
		return
	}
	// Of a record that is cut off or spoiled, the name may still be read.
	name, _, _ := bytes.Cut(bytes.TrimPrefix(text, []byte(entryMark+`"`)), []byte{'"'})
	if CheckName(string(name)) == nil {
		c.lost[string(name)] = true
	}
}

// strictly decodes the JSON value that text begins with.
func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// sound says whether a head is as it was written.
func (h head) sound() bool {
	return h.Sum == h.sum() && h.Sum != "" && h.Key != "" && h.Version >= format
}

// sound says whether an entry is as it was written, and has values.
func (e entry) sound() bool {
	return e.Sum == e.sum() && e.Sum != "" && CheckName(e.Name) == nil && len(e.Values) > 0
}

func (h head) sum() string {
	h.Sum = ""
	return checksum(h)
}

func (e entry) sum() string {
	e.Sum = ""
	return checksum(e)
}

// checksum tells a spoiled record from one that is as it was written. Anybody can
// make one: what nobody can forge is the seal.
func checksum(record any) string {
	text, err := json.Marshal(record)
	if err != nil {
		return "" // a time beyond the year 9999, which nobody wrote
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

package routes

import (
	"slices"
)

// collector keeps what a script writes, up to a limit, and takes more past
// it, so that the script is not stopped by a full pipe.
type collector struct {
	max   int
	kept  []byte
	cut   bool   // more was written than kept
	spill []byte // what is past the limit goes here
}

// room returns where the next piece may be read to.
func (c *collector) room() []byte {
	if len(c.kept) == c.max {
		if c.spill == nil {
			c.spill = make([]byte, 64<<10)
		}
		return c.spill
	}
	if len(c.kept) == cap(c.kept) {
		c.kept = slices.Grow(c.kept, min(max(1024, len(c.kept)), c.max-len(c.kept)))
	}
	return c.kept[len(c.kept):min(cap(c.kept), c.max)]
}

// took notes that n bytes were read to the room.
func (c *collector) took(n int) {
	if len(c.kept) == c.max {
		c.cut = c.cut || n > 0
		return
	}
	c.kept = c.kept[:len(c.kept)+n]
}

// keep takes a piece that was read elsewhere.
func (c *collector) keep(p []byte) {
	n := min(len(p), c.max-len(c.kept))
	c.kept, c.cut = append(c.kept, p[:n]...), c.cut || n < len(p)
}

// maxAnswer is how many bytes of a script's standard output are kept when that
// is not its answer.
const maxAnswer = 16 << 10

// together puts what a script that failed wrote to its two outputs into one
// text: scripts say what went wrong on either. Of the first its end counts most.
func together(answer, said []byte) (text []byte, cut bool) {
	if cut = len(answer) > maxAnswer; cut {
		answer = answer[len(answer)-maxAnswer:]
	}
	if len(answer) == 0 {
		return said, cut
	}
	text = slices.Clip(answer)
	if len(said) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return append(text, said...), cut
}

// event is why the wait for a script ended.
type event uint8

const (
	ended   event = iota // the script has ended, and its outputs
	held                 // the script has ended, but others hold its outputs open
	late                 // it is time
	stopped              // the context has ended
	spoiled              // the body of the request broke
	arrived              // there is standard output to take
)

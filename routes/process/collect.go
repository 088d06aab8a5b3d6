package process

import "slices"

// collector keeps what a program writes, up to a limit, and takes more past
// it, so that the program is not stopped by a full pipe.
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

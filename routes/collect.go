package routes

import (
	"os"
	"slices"
)

// collector keeps what a script writes, up to a limit, and reads on past it,
// so that the script is not stopped by a full pipe.
type collector struct {
	max  int
	kept []byte
	cut  bool // more was written than kept
}

// collect reads to the end of f, which is when everyone who holds the other
// end has closed it.
func (c *collector) collect(f *os.File) {
	for len(c.kept) < c.max {
		if len(c.kept) == cap(c.kept) {
			c.kept = slices.Grow(c.kept, max(512, min(len(c.kept), c.max-len(c.kept))))
		}
		room := c.kept[len(c.kept):min(cap(c.kept), c.max)]
		n, err := f.Read(room)
		c.kept = c.kept[:len(c.kept)+n]
		if err != nil {
			return
		}
	}
	spill := make([]byte, 64<<10)
	for {
		n, err := f.Read(spill)
		c.cut = c.cut || n > 0
		if err != nil {
			return
		}
	}
}

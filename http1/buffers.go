package http1

import "sync"

// Buffers are lent from two pools: small ones hold heads and small messages,
// large ones move bodies. A connection holds a buffer only while a message is
// on it, so an idle link costs no buffer memory.
const (
	smallBuffer = 4 << 10
	largeBuffer = 512 << 10
)

var (
	smallBuffers = sync.Pool{New: func() any { return new([smallBuffer]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}
)

func getSmall() []byte { return smallBuffers.Get().(*[smallBuffer]byte)[:] }

// putSmall takes back what getSmall lent; a buffer that has grown is left to
// the garbage collector.
func putSmall(b []byte) {
	if cap(b) == smallBuffer {
		smallBuffers.Put((*[smallBuffer]byte)(b[:smallBuffer]))
	}
}

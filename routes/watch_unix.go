//go:build unix

package routes

// canPeek says that looking at a connection takes nothing from it, so that it
// may be done while another goroutine writes there.
const canPeek = true

//go:build unix

package ptth

import "syscall"

// addressGone is what the system says of an address that it does not have.
const addressGone = syscall.EADDRNOTAVAIL

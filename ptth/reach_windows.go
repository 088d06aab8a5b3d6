package ptth

import "syscall"

// addressGone is what the system says of an address that it does not have:
// WSAEADDRNOTAVAIL.
const addressGone = syscall.Errno(10049)

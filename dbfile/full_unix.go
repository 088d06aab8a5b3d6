//go:build unix

package dbfile

import "syscall"

// fullErrors say that there is no room left, for anybody or for this user.
var fullErrors = []error{syscall.ENOSPC, syscall.EDQUOT}

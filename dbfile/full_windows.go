package dbfile

import "golang.org/x/sys/windows"

// fullErrors say that there is no room left, for anybody or for this user.
var fullErrors = []error{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}

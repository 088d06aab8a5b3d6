package agent

import "io/fs"

// isForeign reports whether a folder belongs to somebody else than this user. The
// agent looks at that when it starts.
func isForeign(fs.FileInfo) bool { return false }

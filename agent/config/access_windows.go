package config

import "os"

// openFile opens path for reading.
func openFile(path string) (*os.File, error) { return os.Open(path) }

// checkAccess accepts every file: permission bits say nothing here, and the
// folders of a user's or the system's settings are closed by inheritance.
func checkAccess(string, bool) *Problem { return nil }

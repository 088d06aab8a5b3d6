//go:build !linux

package main_test

import "testing"

// smallDisk puts a file system of its own over a folder.
func smallDisk(t *testing.T, _, _ string) {
	t.Helper()
	t.Skip("only Linux mounts a small file system for a test")
}

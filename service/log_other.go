//go:build !linux

package service

// journaled reports whether stderr goes to the journal, which is Linux's.
func journaled() bool { return false }

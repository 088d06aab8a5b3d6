//go:build unix

package fastcgi

const canBeQuiet = true

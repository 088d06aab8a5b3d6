package config

import (
	"fmt"
	"reflect"
	"strings"

	"homehook/spelling"
)

// blockName says in which block a path lies.
func blockName(path string) string {
	switch name := leaf(path); {
	case path == "":
		return "this file"
	case strings.HasPrefix(path, "relays[") && name == "relays":
		return "a relay"
	case strings.HasPrefix(path, "claims[") && name == "claims":
		return "a claim"
	case strings.HasPrefix(path, "routes[") && name == "routes":
		return "a route"
	default:
		return name
	}
}

// unknownKey says what is wrong with a key that the block at path, of type t,
// does not have, what to do about it, and which key was meant, if any.
func unknownKey(key, path string, t reflect.Type) (message, remedy, meant string) {
	block := blockName(path)
	message = fmt.Sprintf("unknown key %q in %s", key, block)
	keys := keysOf(t)
	if near := nearest(key, keys); near != "" {
		return message, fmt.Sprintf("did you mean %q?", near), near
	}
	return message, "it knows: " + strings.Join(keys, ", "), ""
}

// nearest is the one of names that was meant by name, or "" when none is like it
// enough. Words may have hyphens between them there.
func nearest(name string, names []string) string {
	return spelling.Nearest(strings.ReplaceAll(name, "-", "_"), names)
}

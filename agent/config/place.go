package config

import (
	"strconv"
	"strings"
)

// Parts of a configuration.
const (
	PartRelay   = "relay"
	PartClaim   = "claim"
	PartRoute   = "route"
	PartHistory = "history"
	PartUpdates = "updates"
)

// partKey is the key at the top under which a part stands; "" where there is no
// such part.
func partKey(part string) string {
	switch part {
	case PartRelay, PartClaim, PartRoute:
		return part + "s"
	case PartHistory, PartUpdates:
		return part
	}
	return ""
}

// assign says of each problem what it is about.
func (d *decoder) assign(f *file) {
	for i, path := range d.about {
		f.placed(&d.problems[i], path)
	}
}

// placed says of a problem of the value at path what it is about.
func (f *file) placed(p *Problem, path string) *Problem {
	top, field, _ := strings.Cut(path, ".")
	key, index, listed := strings.Cut(strings.TrimSuffix(top, "]"), "[")
	for _, part := range []string{PartRelay, PartClaim, PartRoute, PartHistory, PartUpdates} {
		if partKey(part) == key {
			p.Part, p.Field = part, field
		}
	}
	if i, err := strconv.Atoi(index); listed && err == nil {
		p.Name = f.nameAt(p.Part, i)
	}
	return p
}

// nameAt is the name of entry i of a list, empty for one that has none.
func (f *file) nameAt(part string, i int) string {
	switch {
	case part == PartRelay && i < len(f.Relays):
		return f.Relays[i].Name
	case part == PartClaim && i < len(f.Claims):
		return f.Claims[i].Name
	case part == PartRoute && i < len(f.Routes):
		return nameOf(&f.Routes[i])
	}
	return ""
}

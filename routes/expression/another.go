package expression

import "maps"

// For returns the delivery as another route sees it. What has been read of it is
// not read again, and the time that expressions may take is one for both.
func (in *Input) For(route string, params []Param) *Input {
	other := *in
	other.d.Route, other.d.Params = route, params
	other.read = maps.Clone(in.read)
	delete(other.read, "params")
	return &other
}

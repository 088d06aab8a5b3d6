package part

import "regexp"

// maxHits are kept of a search.
const maxHits = 10_000

// Find returns where a text stands, whatever the case of its letters: the first
// 10,000 places. It may take a moment; any goroutine may call it.
func (d *Doc) Find(text string) []Span {
	if text == "" {
		return nil
	}
	pattern, err := regexp.Compile("(?i)" + regexp.QuoteMeta(text))
	if err != nil {
		return nil // text is not UTF-8, as nothing is that was typed
	}
	found := pattern.FindAllIndex(d.bytes[:len(d.bytes)-d.rest], maxHits)
	hits := make([]Span, len(found))
	for i, f := range found {
		hits[i] = Span{f[0], f[1]}
	}
	return hits
}

package history

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strconv"
	"unicode"
	"unicode/utf8"
)

const (
	// searchedBytes is how much of a head, a body or an output is searched. What
	// follows a zero byte is not text and not searched either.
	searchedBytes = 64 << 10
	// wordBytes is how much of a word the index holds.
	wordBytes = 64
)

// searched is the part of a text that is searched.
func searched(text []byte) []byte {
	text = text[:min(len(text), searchedBytes)]
	if i := bytes.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	return text
}

// kind says what a rune is to a search.
type kind uint8

const (
	between kind = iota // separates words
	within              // part of a word
	alone               // a word of its own: the script puts no spaces between words
)

// spaceless are the scripts of which each letter counts as a word.
var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

func kindOf(r rune) kind {
	switch {
	case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
		return within
	case r < utf8.RuneSelf, r == utf8.RuneError:
		return between
	case !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
		return between
	case unicode.In(r, spaceless...):
		return alone
	}
	return within
}

// fold appends text in lower case. Bytes that are no UTF-8 stay.
func fold(to, text []byte) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			to = append(to, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError {
			to = append(to, text[i:i+n]...)
		} else {
			to = utf8.AppendRune(to, unicode.ToLower(r))
		}
		i += n
	}
	return to
}

// eachWord calls f with every word of a text that is folded, cut at wordBytes,
// and whether the word goes on to the end of the text. f must not keep it.
func eachWord(text []byte, f func(word []byte, last bool)) {
	from := -1
	end := func(to int) {
		if from >= 0 {
			f(cutWord(text[from:to], wordBytes), to == len(text))
		}
		from = -1
	}
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		switch kindOf(r) {
		case between:
			end(i)
		case alone:
			end(i)
			f(text[i:i+n], i+n == len(text))
		case within:
			if from < 0 {
				from = i
			}
		}
		i += n
	}
	end(len(text))
}

// cutWord cuts a word at n bytes, or a little before.
func cutWord(word []byte, n int) []byte {
	if len(word) <= n {
		return word
	}
	for !utf8.RuneStart(word[n]) {
		n--
	}
	return word[:n]
}

// wordList gathers the words of a bucket, each once, as the index takes them:
// in one text.
type wordList struct {
	seen   map[string]struct{}
	text   []byte
	folded []byte
}

func (l *wordList) reset() {
	if l.seen == nil || len(l.seen) > 10_000 {
		l.seen = make(map[string]struct{})
	}
	clear(l.seen)
	l.text = l.text[:0]
}

// add takes in the words of a text.
func (l *wordList) add(text []byte) {
	l.folded = fold(l.folded[:0], searched(text))
	eachWord(l.folded, func(word []byte, _ bool) { l.put(word) })
}

func (l *wordList) put(word []byte) {
	if _, known := l.seen[string(word)]; known {
		return
	}
	l.seen[string(word)] = struct{}{}
	l.text = append(append(l.text, word...), ' ')
}

// filterWord is the word that stands for one column of a facet. No text holds a
// rune for private use as part of a word.
func filterWord(column, value string) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s", column, value)
	return "\ue000" + strconv.FormatUint(h.Sum64(), 36)
}

// filterWords are the words of the columns that a facet and a query name.
func filterWords(f facet) (words []string) {
	for _, p := range []struct{ column, value string }{
		{"claim", f.claim}, {"route", f.route}, {"state", f.state}, {"method", f.method},
	} {
		if p.value != "" {
			words = append(words, filterWord(p.column, p.value))
		}
	}
	if f.status != 0 {
		words = append(words, filterWord("status", strconv.Itoa(f.status)))
	}
	return words
}

package expression

import "strings"

// scanned is a piece of a template as it is written.
type scanned struct {
	text       string
	at         int // in bytes
	expression bool
}

// scan takes a template apart.
func scan(text string) ([]scanned, error) {
	var found []scanned
	var own strings.Builder
	flush := func() {
		if own.Len() > 0 {
			found = append(found, scanned{text: own.String()})
			own.Reset()
		}
	}
	doubled := 0 // {{ that no }} has closed
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "{{"):
			own.WriteByte('{')
			doubled++
			i += 2
		case doubled > 0 && strings.HasPrefix(text[i:], "}}"):
			own.WriteByte('}')
			doubled--
			i += 2
		case text[i] == '{' && i+1 < len(text) && isLetter(text[i+1]):
			end := closing(text, i+1)
			if end < 0 {
				return nil, &Error{Offset: i, Message: "the expression is not closed", Remedy: "end it with }, or write {{ for a brace that stands for itself"}
			}
			flush()
			found = append(found, scanned{text[i+1 : end], i + 1, true})
			i = end + 1
		default:
			own.WriteByte(text[i])
			i++
		}
	}
	flush()
	return found, nil
}

func isLetter(c byte) bool { return c|0x20-'a' < 26 }

// closing returns where the brace is that closes an expression, or -1.
func closing(text string, from int) int {
	depth := 0
	for i := from; i < len(text); i++ {
		switch c := text[i]; c {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		case '"', '\'', '`':
			for i++; i < len(text) && text[i] != c; i++ {
				if text[i] == '\\' && c != '`' {
					i++
				}
			}
		}
	}
	return -1
}

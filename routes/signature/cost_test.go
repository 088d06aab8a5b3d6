package signature

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// costly is how long a check, or the search for the cause of its failure, may
// take at the most. Alone on a machine either takes a tenth of it.
const costly = 10 * time.Second

// hostileBodies are a mebibyte each, made to be slow to read.
func hostileBodies() map[string][]byte {
	const size = 1 << 20
	fill := func(before, again, after string) []byte {
		n := (size - len(before) - len(after)) / len(again)
		return []byte(before + strings.Repeat(again, n) + after)
	}
	numbered := func(before, form, after string, size int) []byte {
		var b bytes.Buffer
		b.WriteString(before)
		for i := 0; b.Len() < size-len(after)-40; i++ {
			fmt.Fprintf(&b, form, i)
		}
		b.WriteString(after)
		return b.Bytes()
	}
	const sum = "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="
	entry := `{"NotificationRequestItem":{"amount":{"value":1},"additionalData":{"hmacSignature":"` + sum + `"}}},`
	return map[string][]byte{
		"empty":            {},
		"text":             fill("", "é%41+=& ", ""),
		"ampersands":       fill("", "&", ""),
		"form":             numbered("", "%x&", "", size),
		"smaller form":     numbered("", "%x&", "", 95<<10),
		"one name":         numbered("", "a=%x&", "", size),
		"object":           numbered("{", `"%x":1,`, `"z":"é/"}`, size),
		"smaller object":   numbered("{", `"%x":"\u00e9/<",`, `"z":"é/"}`, 31<<10),
		"nested":           fill("{\"id\":", "[", "}"),
		"nested pairs":     []byte(strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)),
		"items":            []byte(`{"notificationItems":[` + strings.Repeat(entry, maxItems-1) + strings.TrimSuffix(entry, ",") + `]}`),
		"states":           fill(`{"value":[`, `{"subscriptionId":"a","clientState":"a"},`, `{}]}`),
		"items of nothing": numbered(`{"notificationItems":[{"NotificationRequestItem":{`, `"%x":[],`, `"additionalData":{"hmacSignature":"`+sum+`"}}}]}`, size),
		"zeros in gzip":    append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}, make([]byte, size)...),
	}
}

// hostileFields are 64 KiB of fields of a scheme each, made to be slow to read.
func hostileFields(s *Scheme) map[string][]Header {
	const size = 60 << 10
	long := func(again string) string { return strings.Repeat(again, size/len(again)) }
	var usual, mixed []Header
	for i := range s.layouts {
		l := &s.layouts[i]
		if l.custom != nil {
			continue
		}
		sum := strings.Repeat("ab", 32)
		if l.encoding == base64Text {
			sum = "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="
		}
		usual = []Header{{l.signature, l.write(l.tags[0], fmt.Sprint(now.Unix()), []byte(sum))}}
		many := usual[0].Value
		if l.list != "" {
			many = strings.Repeat(l.tags[0]+l.tag+"=0"+l.list, size/(len(l.tags[0]+l.tag+l.list)+2)) + many
		} else {
			many = long("=,: ")
		}
		mixed = []Header{{l.signature, many}}
		for _, name := range append([]string{l.time, l.id}, fieldsIn(s.recipeOf(l).signed)...) {
			if name != "" {
				usual = append(usual, Header{name, fmt.Sprint(now.Unix())})
				mixed = append(mixed, Header{name, fmt.Sprint(now.Unix())})
			}
		}
		break
	}
	var swarm []Header
	for i := range size / 8 {
		swarm = append(swarm, Header{fmt.Sprintf("a%x", i), ""})
	}
	all := map[string][]Header{"usual": usual, "long": mixed, "swarm": append(swarm, usual...)}
	if s.name == "rfc9421" {
		maps.Copy(all, hostileMessages())
	}
	return all
}

// hostileMessages are signatures of RFC 9421 over a lot.
func hostileMessages() map[string][]Header {
	member := func(i int) string { return fmt.Sprintf("k%02d=%q", i, strings.Repeat("a", 400)) }
	var dict []string
	for i := range maxMembers {
		dict = append(dict, member(i))
	}
	x := strings.Join(dict, ",")
	// over is so many signatures, each over these components.
	over := func(n int, components []string, more ...Header) []Header {
		var in, sig []string
		for i := range n {
			in = append(in, fmt.Sprintf("s%02d=(%s);created=%d", i, strings.Join(components, " "), now.Unix()))
			sig = append(sig, fmt.Sprintf("s%02d=:%s:", i, strings.Repeat("YWJj", 11)))
		}
		return append(more, Header{inputField, strings.Join(in, ",")}, Header{"Signature", strings.Join(sig, ",")})
	}
	var keys, names []string
	for i := range 30 {
		keys = append(keys, fmt.Sprintf(`"x";key="k%02d"`, i))
		names = append(names, fmt.Sprintf(`"@query-param";name="%x"`, i))
	}
	return map[string][]Header{
		"dictionary":       over(maxMembers, keys, Header{"X", x}),
		"whole dictionary": over(maxMembers, []string{`"x"`, `"x";bs`, `"@query"`, `"@target-uri"`, `"@request-target"`}, Header{"X", x}),
		"query":            over(maxMembers, names),
		"absent":           over(maxMembers, []string{`"x";key="none"`}, Header{"X", x}),
		"one name":         {{inputField, strings.Repeat("a=(),", 12000) + "a=()"}, {"Signature", "a=:AAAA:"}},
	}
}

// TestCost holds that nothing a stranger can send is slow to check, or to find
// the cause for that it fails.
func TestCost(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks every scheme about megabytes")
	}
	query := "https://hooks.example.com/in?"
	for i := range 8000 {
		query += fmt.Sprintf("%x=1&", i)
	}
	bodies := hostileBodies()
	for _, name := range Names() {
		s := schemeFor(t, name)
		_, public := keysOf(name)
		fields := hostileFields(s)
		for _, head := range slices.Sorted(maps.Keys(fields)) {
			for _, body := range slices.Sorted(maps.Keys(bodies)) {
				if head != "usual" && body != "empty" && body != "smaller object" {
					continue
				}
				m := &Message{Method: "POST", URL: target, Body: bodies[body], Header: Fields(fields[head]), Received: now, Remote: "198.51.100.1"}
				if head != "usual" {
					m.URL = query
				}
				began := time.Now()
				err := s.Check(m, bytesOf(public), 0)
				checked := time.Since(began)
				began = time.Now()
				why := s.Explain(err, m, bytesOf(public))
				explained := time.Since(began)
				if max(checked, explained) > costly {
					t.Errorf("%s, fields %s, body %s (%d bytes): check %s, cause %s: %v", name, head, body, len(m.Body), checked, explained, why)
				} else if max(checked, explained) > costly/10 {
					t.Logf("%s, fields %s, body %s: check %s, cause %s", name, head, body, checked, explained)
				}
			}
		}
	}
}

// TestSenderIDCost holds the same for the id of an event.
func TestSenderIDCost(t *testing.T) {
	var marks []Header
	for i := range sources {
		if sources[i].mark != "" {
			marks = append(marks, Header{sources[i].mark, "x"})
		}
	}
	for name, body := range hostileBodies() {
		began := time.Now()
		SenderID("", Fields(marks), body)
		if took := time.Since(began); took > costly {
			t.Errorf("%s: %s", name, took)
		} else if took > costly/10 {
			t.Logf("%s: %s", name, took)
		}
	}
}

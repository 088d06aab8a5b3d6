package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"homehook/agent/config"
	"homehook/routes/signature"
)

// The configuration has no place for secrets, and people put them into it all
// the same: into an environment variable, an argument, a field, a path that only
// the sender knows. So a report has its keys and shape, and the values of those
// keys alone that can hold none. Whatever is not known to be harmless is hidden.

// valueKind is what the values of a key are, and with that which of them are shown.
type valueKind int

const (
	valueHidden    valueKind = iota // none
	valueOpen                       // a map or list of keys that are known
	valueUsers                      // a map whose keys users choose: nothing
	valueBoolean                    // true and false
	valueDuration                   // times with a unit
	valueSize                       // sizes with a unit
	valueSmall                      // whole numbers up to 64
	valueStatuses                   // of HTTP
	valueWord                       // words of a list
	valueReference                  // names of credentials that are stored
	valueName                       // names of relays, claims and routes that are configured
)

// keyKind says which values of a key are shown.
type keyKind struct {
	kind  valueKind
	words []string // beside those of the kind
}

// configKeys are the keys of a configuration. Those that are missing here are hidden
// themselves.
var configKeys = keysOf(map[valueKind]string{
	valueHidden: `url ca proxy public_key match when events server from to title text link tags strip host command
		dir user sha256 program root index split script folder what redact feed drop type header prefix signed
		time covers key cert map on list max_items limit files`,
	valueOpen: `relays claims routes history updates verify rate transform accepted queue forward cgi
		fastcgi save notify respond also tls limits ntfy mail`,
	valueUsers:     `env headers set rename`,
	valueBoolean:   `off unverified background continue plain at_most_once insecure lan authorization reuse overwrite urgent desktop`,
	valueDuration:  `hold timeout tolerance per keep max_age cpu`,
	valueSize:      `max_body max_size body output memory file_size size`,
	valueSmall:     `parallel max_links retries processes`,
	valueStatuses:  `status`,
	valueReference: `token secret secrets password verify_token proxy_password`,
	valueName:      `name relay claim`,
}, map[string][]string{
	"answer": {"hold", "store", "through"}, "dialect": config.Dialects, "scheme": signature.Names(), "sender": signature.Names(),
	"hash": {"sha1", "sha256", "sha384", "sha512"}, "encoding": {"hex", "base64", "base64url"},
	"while_running": {"wait", "skip", "latest"}, "proxy": {"none"}, "host": {"keep", "target"},
})

func keysOf(kinds map[valueKind]string, words map[string][]string) map[string]keyKind {
	all := map[string]keyKind{}
	for k, names := range kinds {
		for key := range strings.FieldsSeq(names) {
			all[key] = keyKind{kind: k}
		}
	}
	for key, list := range words {
		all[key] = keyKind{valueWord, list}
	}
	script := all["script"]
	script.kind = valueOpen // a handler; the text of that name in fastcgi is hidden all the same
	all["script"] = script
	return all
}

// What times, sizes and names look like.
var (
	timeForm  = lazily(`^([0-9]{1,5}(\.[0-9])?(ns|us|ms|s|m|h|d|w)){1,3}$`)
	sizeForm  = lazily(`^[0-9]{1,5}(\.[0-9])?([kKMGT]i?B?|B)$`)
	nameForm  = lazily(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	titleForm = lazily(`^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,62}$`)
)

// maskConfig returns a configuration without what may be secret in it, and
// without its comments. A file that is no YAML gives "". What it hides, m takes
// out of other texts from then on.
func maskConfig(m *mask, text []byte) (masked string) {
	defer func() {
		if recover() != nil { // the parser is meant to return errors
			m.learnPieces(string(text))
			masked = ""
		}
	}()
	var tree yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &tree, yaml.UseOrderedMap()); err != nil {
		m.learnPieces(string(text))
		return ""
	}
	c := &configMask{mask: m, numbers: map[string]bool{}}
	c.takeNames(tree)
	out, err := yaml.Marshal(c.tree(tree, "", valueOpen))
	if err != nil {
		return ""
	}
	c.learnNumbers(string(text))
	return string(out)
}

// configMask masks one configuration.
type configMask struct {
	*mask
	names   [3]map[string]bool // of relays, claims, routes
	numbers map[string]bool    // that were hidden
}

// takeNames takes the names of relays, claims and routes that are well-formed.
func (c *configMask) takeNames(tree yaml.MapSlice) {
	sections := []string{"relays", "claims", "routes"}
	for i := range c.names {
		c.names[i] = map[string]bool{}
	}
	for _, item := range tree {
		at := slices.Index(sections, fmt.Sprint(item.Key))
		list, ok := item.Value.([]any)
		if at < 0 || !ok {
			continue
		}
		form := nameForm
		if sections[at] == "routes" {
			form = titleForm
		}
		for _, entry := range list {
			fields, _ := entry.(yaml.MapSlice)
			for _, f := range fields {
				if s, ok := f.Value.(string); ok && f.Key == "name" && form().MatchString(s) && c.text(s) == s {
					c.names[at][s] = true
				}
			}
		}
	}
	for _, names := range c.names {
		for name := range names {
			c.plain[name] = true
		}
	}
}

// tree masks what is under a path of keys, whose last says which kind it is.
func (c *configMask) tree(v any, path string, k valueKind) any {
	switch v := v.(type) {
	case nil:
		return nil
	case yaml.MapSlice:
		out, unknown := make(yaml.MapSlice, 0, len(v)), 0
		for _, item := range v {
			key := fmt.Sprint(item.Key)
			below, known := configKeys[key]
			if !known || k != valueOpen {
				unknown++
				c.learn(key, "(key)", path)
				out = append(out, yaml.MapItem{Key: fmt.Sprintf("(key %d)", unknown), Value: c.tree(item.Value, path+".", valueHidden)})
				continue
			}
			out = append(out, yaml.MapItem{Key: key, Value: c.tree(item.Value, path+"."+key, below.kind)})
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = c.tree(item, path, k)
		}
		return out
	}
	if c.shows(v, path, k) {
		return v
	}
	mask := maskOf(v)
	s := fmt.Sprint(v)
	if _, isText := v.(string); !isText {
		c.numbers[s] = true
	}
	c.learn(s, mask, path)
	return mask
}

// shows reports whether the value of a key can be no secret.
func (c *configMask) shows(v any, path string, k valueKind) bool {
	key := path[strings.LastIndexByte(path, '.')+1:]
	switch v := v.(type) {
	case bool:
		return k == valueBoolean
	case int, int64, uint64:
		var n int
		if _, err := fmt.Sscan(fmt.Sprint(v), &n); err != nil {
			return false
		}
		return k == valueSmall && n >= 0 && n <= 64 || k == valueStatuses && n >= 100 && n <= 599
	case string:
		switch k {
		case valueDuration:
			return timeForm().MatchString(v)
		case valueSize:
			return sizeForm().MatchString(v)
		case valueWord:
			return slices.Contains(configKeys[key].words, v)
		case valueReference:
			relay, isRelay := strings.CutPrefix(v, "relay/")
			return c.stored[v] || isRelay && c.names[0][relay]
		case valueName:
			return c.showsName(v, path)
		}
	}
	return false
}

// showsName reports whether a name is that of something configured.
func (c *configMask) showsName(s, path string) bool {
	switch path {
	case ".relays.name", ".claims.relay":
		return c.names[0][s]
	case ".claims.name", ".routes.claim":
		return c.names[1][s]
	case ".routes.name":
		return c.names[2][s]
	}
	return false
}

// maskOf is what stands for a value: its kind, and about how long it is.
func maskOf(v any) string {
	s, ok := v.(string)
	if !ok {
		switch v.(type) {
		case bool:
			return "(boolean)"
		case int, int64, uint64, float64:
			return "(number)"
		}
		return "(value)"
	}
	if s == "" {
		return "(empty)"
	}
	kind := "text"
	switch scheme, _, isURL := strings.Cut(s, "://"); {
	case isURL && slices.Contains([]string{"http", "https"}, scheme):
		kind = scheme + " url"
	case strings.HasPrefix(s, "/"), strings.HasPrefix(s, "~"), len(s) > 2 && s[1:3] == `:\`:
		kind = "path"
	}
	for _, most := range []int{8, 32, 128} {
		if len(s) <= most {
			return fmt.Sprintf("(%s, up to %d characters)", kind, most)
		}
	}
	return fmt.Sprintf("(%s, over 128 characters)", kind)
}

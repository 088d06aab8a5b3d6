package signature

import (
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// wrongHash looks for a signature that is made with another hash.
func wrongHash(t *trial) string {
	value, ok := t.fieldValue()
	if !ok || !t.macs() {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(hashes)) {
		other := t.recipe(func(r *recipe) { r.key = rehashed(r.key, hashes[name]) })
		for _, s := range t.l.tagSpellings(value) {
			if !other.field(t.l.signature, s.text) {
				continue
			}
			what := fmt.Sprintf("wrong header: %s has a signature that is made with %s, as the sender has it in another header", t.l.signature, name)
			if t.s.takes != "" && strings.Contains(t.s.takes, "hash") {
				what = fmt.Sprintf("the signature is made with %s: set hash: %s", name, name)
			}
			return what
		}
	}
	return ""
}

// rehashed reads keys for another hash.
func rehashed(key keyReader, h func() hash.Hash) keyReader {
	return func(tag string, secret []byte) (signer, error) {
		k, err := key(tag, secret)
		if mac, ok := k.(*macKey); ok {
			return &macKey{h, mac.secret}, err
		}
		return k, err
	}
}

// signedTexts are what senders sign.
var signedTexts = []string{
	"{body}", "{time}.{body}", "{time}{body}", "{time}:{body}", "v0:{time}:{body}", "{id}.{time}.{body}", "{id}{time}{body}",
	"{id}.{body}", "{body}{time}", "{body}.{time}", "{url}{body}", "{method}{url}{body}", "{body}{url}",
}

// wrongText looks for a signature over another text.
func wrongText(t *trial) string {
	own := t.s.recipeOf(t.l).signed
	if !t.macs() || t.l.custom != nil || own == "" {
		return ""
	}
	for _, text := range signedTexts {
		if text == own || strings.Contains(text, "{time}") && t.l.time == "" && t.l.stamp == "" || strings.Contains(text, "{id}") && t.l.id == "" {
			continue
		}
		if t.recipe(func(r *recipe) { r.signed = text }).passes() {
			return fmt.Sprintf("signed as another sender does it: over %s, where %s signs %s", text, t.s.title, own)
		}
	}
	return ""
}

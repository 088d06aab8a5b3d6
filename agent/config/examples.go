package config

import (
	"strings"
	"sync"
)

// The kinds of values, as a sentence names them.
const (
	wantFlag   = "true or false"
	wantNumber = "a whole number"
	wantList   = "a list"
	wantMap    = "names with a value each"
	wantText   = "text"
	wantValue  = "a single value"
)

// examples has how a value is written, by the end of its path: "command" for
// the list, "command[]" for an entry of it. It is made when a file has a mistake.
var examples = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"relays":     `write a list: - {name: mine, url: "https://relay.example.com"}`,
		"relays[]":   `write - {name: mine, url: "https://relay.example.com"}`,
		"claims":     "write a list: - name: garage",
		"claims[]":   "write - name: garage",
		"routes":     `write a list: - {match: /, unverified: true, forward: {to: "http://127.0.0.1:8123"}}`,
		"routes[]":   `write - {match: /, unverified: true, forward: {to: "http://127.0.0.1:8123"}}`,
		"history":    "write history: {keep: 30d}",
		"forward":    `write forward: {to: "http://127.0.0.1:8123"}`,
		"script":     "write script: {command: [/path/to/program]}",
		"cgi":        "write cgi: {program: /path/to/program}",
		"fastcgi":    `write fastcgi: {to: "127.0.0.1:9000", root: /srv/www}`,
		"limits":     "write limits: {memory: 512MiB, cpu: 20s}",
		"memory":     "write a number of bytes such as 64MiB or 1GiB",
		"file_size":  "write a number of bytes such as 4096, 64KiB or 32MiB",
		"processes":  "write a number such as 50, or leave it out",
		"cpu":        "write a number of whole seconds, such as 20s",
		"sha256":     "run homehook route approve, which writes it",
		"reuse":      "write reuse: true, or leave it out",
		"command":    "write [/path/to/program, argument]",
		"respond":    "write respond: {status: 200, body: ok}",
		"headers":    `write headers: {X-Name: value}`,
		"env":        "write env: {NAME: value}",
		"unverified": "write unverified: true",
		"plain":      "write plain: true, or leave it out",
		"off":        "write off: true, or leave it out",
		"background": "write background: true, or leave it out",
		"parallel":   "write a number such as 4, or leave it out",
		"hold":       "write a number and a unit, such as 2s",
		"max_age":    "write a number and a unit, such as 7d",
		"max_items":  "write a number such as 10000, or leave it out",
		"tolerance":  "write a number and a unit, such as 5m",
		"transform":  "write transform: {drop: [json.card.number]}",
		"rename":     "write rename: {json.old: json.new}",
		"drop":       "write a list: [json.card.number, header.Authorization]",
		"drop[]":     "write it like header.X-Name, query.name, form.name or json.a.b",
		"set":        `write set: {json.name: "{params.name}"}`,
		"events":     `write a list of types of events: [push, "charge.*"]`,
		"events[]":   "write a type of event, such as push",
		"when":       `write a condition, such as json.ref == "refs/heads/main"`,
		"continue":   "write continue: true, or leave it out",
		"rate":       "write rate: {limit: 10, per: 1m}",
		"limit":      "write a number such as 10",
		"per":        "write a number and a unit, such as 1m",
		"also":       "write a list of handlers: - notify: {}",
		"also[]":     "begin each with a hyphen: - notify: {}",
		"accepted":   "write accepted: {status: 202, body: ok}",
		"queue":      "write queue: {max_items: 10000, max_size: 1GiB, max_age: 7d}",
		"verify":     "write verify: {scheme: github, secret: github}",
		"secret":     "write the name of a credential, such as github",
		"secrets":    "write the names of credentials: [github, github-old]",
		"secrets[]":  "write the name of a credential, such as github",
		"from[]":     "write an address or a range, such as 192.0.2.0/24",
		"covers":     `write covers: [content-digest, "@method"]`,
		"covers[]":   `write the name of a component, such as content-digest or "@method"`,
		"redact":     "write a list: [header.Authorization, json.card.number]",
		"redact[]":   "write it like header.Authorization, query.token, form.password or json.card.number",
		"max_links":  "write a number such as 64, or leave it out",
		"status":     "write a number such as 200",
		"max_body":   "write a number of bytes such as 4096, 64KiB or 1MB",
		"max_size":   "write a number of bytes such as 500MB or 1GB",
		"body":       "write it behind body: as one value",
		"output":     "write a number of bytes such as 4096, 64KiB or 1MB",
		"timeout":    "write a number and a unit, such as 90s or 2m",
		"keep":       "write a number and a unit, such as 30d",
		"dialect":    "write one of ptth, ptth/1.0, ptth/0.9, comet and reversehttp, or leave it out",
		"token":      "write the name of a credential, such as relay/mine",
		"proxy":      "write http://proxy.example.com:3128, or none",
		"updates":    "write updates: {off: true}",
		"feed":       "write the address of a feed, https://…",
		"save":       "write save: {folder: /home/me/hooks}",
		"notify":     `write notify: {title: "somebody is at the door"}`,
		"ntfy":       `write ntfy: {url: "https://ntfy.sh/mytopic"}`,
		"mail":       "write mail: {server: \"mail.example.com:465\", from: me@example.com, to: [me@example.com]}",
		"tls":        "write tls: {ca: /path/to/roots.pem}",
		"to[]":       "write an address, such as me@example.com",
		"tags":       "write a list: [warning, house]",
		"tags[]":     "write a word, such as warning",
		"retries":    "write a number from 0 to 5, or leave it out",
		"lan":        "write lan: true, or leave it out",
		"insecure":   "write insecure: true, or leave it out",
		"overwrite":  "write overwrite: true, or leave it out",
		"urgent":     "write urgent: true, or leave it out",
		"desktop":    "write desktop: true, or leave it out",
		"size":       "write a number of bytes such as 4096, 64KiB or 32MiB",
		"match":      `write a pattern such as "POST /github/{repo}"`,
	}
})

// example is the remedy for a value of the wrong kind, of which want says what
// it should be.
func example(path, want string) string {
	key := leaf(path)
	if strings.HasSuffix(path, "]") {
		key += "[]"
	}
	if text, ok := examples()[key]; ok {
		return text
	}
	switch want {
	case wantFlag:
		return "write it without quotes"
	case wantNumber:
		return "write digits only"
	case wantList:
		return "write it like [a, b]"
	case wantMap:
		return "write it like {NAME: value}"
	case wantText, wantValue:
		return "write one value, in quotes if it has one of {}[]:# in it"
	}
	return "write each key on a line of its own, with a colon behind it"
}

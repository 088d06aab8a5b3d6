package signature

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// maxItems is how many signed entries of a body are read.
const maxItems = 1000

// maxNames is how many members of an object are read. No sender's have as many.
const maxNames = 1000

// members reads an object of JSON. Names count as they are written, and none may
// be there twice: otherwise what is checked here is not what a handler reads.
func members(object []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("no object")
	}
	found := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if len(found) == maxNames {
			return nil, errors.New("too many names")
		}
		if _, twice := found[name]; twice {
			return nil, errors.New("a name is there twice")
		}
		found[name] = value
	}
	_, err := d.Token()
	return found, err
}

// scalar is a text, or a number or truth value as it is written; "" for
// anything else.
func scalar(value json.RawMessage) string {
	var text string
	switch {
	case len(value) == 0 || value[0] == '{' || value[0] == '[' || string(value) == "null":
		return ""
	case json.Unmarshal(value, &text) == nil:
		return text
	}
	return string(value)
}

// adyenText is what Adyen signs of an entry, and its signature.
func adyenText(entry json.RawMessage) (text, signature string, err error) {
	outer, err := members(entry)
	if err != nil {
		return "", "", err
	}
	item, err := members(outer["NotificationRequestItem"])
	if err != nil {
		return "", "", err
	}
	within := func(name string) map[string]json.RawMessage {
		m, e := members(item[name])
		if item[name] != nil && e != nil {
			err = e
		}
		return m
	}
	amount, more := within("amount"), within("additionalData")
	list := []string{
		scalar(item["pspReference"]), scalar(item["originalReference"]), scalar(item["merchantAccountCode"]), scalar(item["merchantReference"]),
		scalar(amount["value"]), scalar(amount["currency"]), scalar(item["eventCode"]), scalar(item["success"]),
	}
	return strings.Join(list, ":"), scalar(more["hmacSignature"]), err
}

// hasItems reports whether a body may be a notification. Whether it is signed
// is for readItems to say.
func hasItems(m *Message) bool {
	return len(m.Body) <= maxJSON && bytes.Contains(m.Body, []byte(`"notificationItems"`))
}

func readItems(_ *Scheme, l *layout, m *Message) (list []*parts, all bool, err error) {
	m.spend(parsing * len(m.Body))
	outer, err := members(m.Body)
	var entries []json.RawMessage
	if err != nil || json.Unmarshal(outer["notificationItems"], &entries) != nil {
		return nil, true, failf(StepFormat, "the body is no notification that can be read")
	}
	if n := len(entries); n == 0 || n > maxItems {
		return nil, true, failf(StepFormat, "the body has %d entries; 1 to %d are read", n, maxItems)
	}
	for _, entry := range entries {
		text, signature, err := adyenText(entry)
		switch {
		case err != nil:
			return nil, true, failf(StepFormat, "an entry of the body cannot be read")
		case signature == "":
			return nil, true, failf(StepHeader, "an entry of the body has no signature (%s): Adyen has no HMAC key set for this address", l.signature)
		}
		p := &parts{urls: []string{""}, body: []byte(text)}
		if err := l.read(signature, p); err != nil {
			return nil, true, err
		}
		list = append(list, p)
	}
	return list, true, nil
}

// graphBody is a collection of change notifications.
type graphBody struct {
	Value []struct {
		ClientState *string `json:"clientState"`
	} `json:"value"`
}

func hasStates(m *Message) bool {
	return len(m.Body) <= maxJSON && bytes.Contains(m.Body, []byte(`"clientState"`)) && bytes.Contains(m.Body, []byte(`"subscriptionId"`))
}

// readStates reads the secret that each of the notifications repeats.
func readStates(_ *Scheme, l *layout, m *Message) (list []*parts, all bool, err error) {
	m.spend(parsing * len(m.Body))
	var body graphBody
	if err := json.Unmarshal(m.Body, &body); err != nil {
		return nil, true, failf(StepFormat, "the body is no collection of notifications that can be read")
	}
	if n := len(body.Value); n == 0 || n > maxItems {
		return nil, true, failf(StepFormat, "the body has %d notifications; 1 to %d are read", n, maxItems)
	}
	for _, entry := range body.Value {
		if entry.ClientState == nil || *entry.ClientState == "" {
			return nil, true, failf(StepHeader, "a notification in the body has no %s: none was given when the subscription was made", l.signature)
		}
		list = append(list, &parts{urls: []string{""}, signatures: []candidate{{"token", []byte(*entry.ClientState)}}})
	}
	return list, true, nil
}

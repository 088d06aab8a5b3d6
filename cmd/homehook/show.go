package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"homehook/agent/control"
)

// What "show" prints of one body at most; --json has all that is kept.
const (
	maxText = 16 << 10
	maxHex  = 1 << 10
)

// showCmd is "homehook show".
type showCmd struct {
	ID string `arg:"" name:"id" help:"The delivery's id, or enough of its beginning."`
}

// Help shows an example.
func (*showCmd) Help() string {
	return `Long bodies are cut; --json gives everything that is kept, bodies in base64.

Example:

    homehook show 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f`
}

// Run shows one delivery.
func (c *showCmd) Run(ctx context.Context, a *app) error {
	id, err := checkID(c.ID)
	if err != nil {
		return err
	}
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	r, err := client.Delivery(ctx, id)
	if errors.Is(err, control.ErrNotFound) {
		return withNext(fmt.Errorf("no delivery %s in the history", c.ID), "see: homehook history")
	}
	if errors.Is(err, control.ErrInvalid) {
		// Of what can be wrong with an id only this is left.
		return withNext(err, "%s", likely(ctx, client, id))
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(r)
	}
	a.showRecord(r)
	return nil
}

// showRecord prints a delivery for a person to read.
func (a *app) showRecord(r *control.Record) {
	a.say("Delivery  %s", a.paint(bold, r.ID))
	a.say("State     %s", a.paint(stateColour(r.State), r.State))
	a.say("Request   %s %s from %s", r.Method, target(&r.Delivery), r.Remote)
	a.say("Claim     %s on relay %s", r.Claim, r.Relay)
	a.say("Route     %s", routeText(&r.Delivery))
	a.say("Received  %s", r.Received.Local().Format("2006-01-02T15:04:05.000Z07:00"))
	if r.Status != 0 {
		a.say("Answer    %d after %s", r.Status, ms(r.DurationMS))
	}
	if r.Reason != "" && r.Route != "" {
		a.say("Reason    %s", r.Reason)
	}
	a.optional("Sender's id   %s", r.SenderID)
	a.optional("Duplicate of  %s", r.DuplicateOf)
	a.optional("Replay of     %s", r.ReplayOf)
	a.say("\nRequest")
	a.block("  ", string(r.Head))
	if r.Size > 0 || len(r.Body) > 0 {
		a.say("\nBody, %s%s", size(r.Size), hashText(r.BodySHA256))
		a.body("  ", r.Body, r.Size, r.BodyTruncated)
	}
	for i := range r.Log {
		a.showAttempt(&r.Log[i])
	}
}

// optional prints a line about a value that most deliveries have not.
func (a *app) optional(format, value string) {
	if value != "" {
		a.say(format, value)
	}
}

// hashText adds the hash of a body that came whole.
func hashText(sum string) string {
	if sum == "" {
		return ""
	}
	return ", SHA-256 " + sum
}

// showAttempt prints what a handler did and answered.
func (a *app) showAttempt(t *control.Attempt) {
	exit := ""
	if t.Exit >= 0 { // only a script that ran has one
		exit = fmt.Sprintf(", exit code %d", t.Exit)
	}
	a.say("\nAttempt %d: %s, route %s%s, %s, at %s", t.Number, t.Handler, t.Route, exit,
		ms(t.DurationMS), t.Started.Local().Format(time.TimeOnly))
	if t.Error != "" {
		a.say("  %s", a.paint(red, t.Error))
	}
	if len(t.Output) > 0 {
		a.say("  Output%s", cutText(t.OutputTruncated))
		a.excerpt("    ", t.Output)
	}
	if len(t.ResponseHead) == 0 && t.ResponseSize == 0 {
		return // the sender got nothing, or the history keeps no bodies
	}
	a.say("  Response, %s", size(t.ResponseSize))
	a.block("    ", string(t.ResponseHead))
	if len(t.ResponseBody) > 0 {
		a.say("")
		a.body("    ", t.ResponseBody, t.ResponseSize, t.ResponseTruncated)
	}
}

// cutText says that the end of something was not kept.
func cutText(cut bool) string {
	if cut {
		return ", its beginning"
	}
	return ""
}

// body prints what is kept of a body of n bytes, and says what is not.
func (a *app) body(indent string, kept []byte, n int64, cut bool) {
	a.excerpt(indent, pretty(kept, cut))
	if rest := n - int64(len(kept)); cut && rest > 0 {
		a.say("%s… %s more came and are not kept", indent, size(rest))
	}
}

// excerpt prints bytes as text or, if they are none, as a hex dump, and says
// what it leaves out.
func (a *app) excerpt(indent string, p []byte) {
	limit, binary := maxText, !isText(p)
	if binary {
		limit = maxHex
	}
	shown := p[:min(len(p), limit)]
	if binary {
		a.block(indent, hex.Dump(shown))
	} else {
		a.block(indent, string(wholeRunes(shown, len(shown) < len(p))))
	}
	if rest := len(p) - len(shown); rest > 0 {
		a.say("%s… %s more; --json has them", indent, size(int64(rest)))
	}
}

// pretty indents JSON and leaves everything else as it is.
func pretty(p []byte, cut bool) []byte {
	var b bytes.Buffer
	if cut || json.Indent(&b, p, "", "  ") != nil {
		return p
	}
	return b.Bytes()
}

// isText reports whether p reads as text: no NUL, and few bytes that are not
// UTF-8 or control a terminal.
func isText(p []byte) bool {
	if bytes.IndexByte(p, 0) >= 0 {
		return false
	}
	odd := 0
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n == 1 || unseen(r) && !strings.ContainsRune("\r\n\t", r) {
			odd++
		}
		i += n
	}
	return odd*4 <= len(p)
}

// wholeRunes takes a character that a cut went through off the end of p.
func wholeRunes(p []byte, cut bool) []byte {
	for i := 1; cut && i < utf8.UTFMax && i <= len(p); i++ {
		if tail := p[len(p)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return p[:len(p)-i]
			}
			break
		}
	}
	return p
}

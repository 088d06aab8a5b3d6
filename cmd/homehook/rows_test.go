package main

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
)

// hostileTexts are what a terminal would obey, or show otherwise than it is.
var hostileTexts = []string{
	"\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x1b]52;c;aGk=\x1b\\", "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1bP$q\x1b\\", "\x1b[6n", "\x1bc", "\x1b[?1049h", "\x1b_x\x1b\\",
	"\x9b2J", "\x9d0;x\x9c", "\u009b2J", "\u009d52;c;aGk=\u009c", "\u0090\u0098\u009e\u009f", "\r\x1b[Ksafe", "a\rb", "a\bb\vc\fd", "\x07\x00\x7f",
	"\u202egnp.exe", "\u2066x\u2069", "\u200b\u200d\ufeff\u00ad", "\u2028x\u2029", "\U000e0041", "\xff\xfe\xc3(", "\xed\xa0\x80", "line\nsucceeded  POST /fake",
}

// poison sets all texts of a value to one, bytes too. A value that holds others of
// its own type ends after a few.
func poison(v reflect.Value, text string, depth int) {
	if depth == 0 {
		return
	}
	depth--
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type().Elem().PkgPath() == "" {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		poison(v.Elem(), text, depth)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i), text, depth)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			poison(v.Index(i), text, depth)
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String && v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.ValueOf(map[string]string{text: text}).Convert(v.Type()))
		}
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	}
}

func poisoned[T any](text string) *T {
	p := new(T)
	poison(reflect.ValueOf(p).Elem(), text, 8)
	return p
}

// TestRows86And87Printed prints deliveries, records and what else agents, relays
// and configurations say, with such texts in each of their fields, in every way
// there is to print them. With colours on, only ours are in it.
func TestRows86And87Printed(t *testing.T) {
	for _, colour := range []bool{false, true} {
		a, out, errs := newTestApp(t)
		a.colour = colour
		for _, text := range hostileTexts {
			for name, print := range map[string]func(){
				"tail":            func() { a.tellDelivery(poisoned[control.Delivery](text)) },
				"history":         func() { a.deliveryTable([]control.Delivery{*poisoned[control.Delivery](text)}, true) },
				"show":            func() { a.showRecord(poisoned[control.Record](text)) },
				"claims":          func() { a.claimTable([]control.Claim{*poisoned[control.Claim](text)}) },
				"doctor":          func() { a.checked(*poisoned[control.Finding](text)) },
				"route test":      func() { a.showRouteResult(poisoned[control.RouteResult](text)) },
				"route test, all": func() { a.routeResultTable([]control.RouteResult{*poisoned[control.RouteResult](text)}) },
				"replay":          func() { a.tellReplay(poisoned[control.Record](text), poisoned[control.Record](text), text) },
				"error":           func() { a.note("%v", errors.New(text)) },
				"json":            func() { a.writeJSON(poisoned[control.Record](text)) },
				"json lines":      func() { a.writeLine(poisoned[control.Delivery](text)) },
			} {
				out.Reset()
				errs.Reset()
				print()
				got := out.String() + errs.String()
				if got == "" {
					t.Errorf("%s prints nothing", name)
				}
				for _, ours := range []string{red, green, yellow, faint, bold, "0"} {
					got = strings.ReplaceAll(got, "\x1b["+ours+"m", "")
				}
				if strings.Contains(got, "\nsucceeded  POST /fake") && name != "show" && name != "replay" {
					t.Errorf("%s: a line of the sender's: %q", name, got)
				}
				t.Run(name, func(t *testing.T) { harmless(t, got, "\n\t") })
			}
		}
	}
}

// TestRow87Original holds that what is escaped to be read can be had as it came.
func TestRow87Original(t *testing.T) {
	for _, text := range hostileTexts {
		a, out, _ := newTestApp(t)
		r := record(oldID, text, "")
		if err := a.rawBody(r); err != nil || !bytes.Equal(out.Bytes(), []byte(text)) {
			t.Errorf("%q became %q, %v", text, out, err)
		}
	}
}

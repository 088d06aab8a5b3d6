package main

import (
	"net/url"
	"testing"
)

func TestBelow(t *testing.T) {
	for _, tt := range []struct {
		url, claim, want string
		ok               bool
	}{
		{"https://relay.example/~garage/hi?a=1", "https://relay.example/~garage/", "/hi?a=1", true},
		{"https://relay.example/~garage/", "https://relay.example/~garage/", "/", true},
		{"https://relay.example/~garage", "https://relay.example/~garage/", "/", true},
		{"https://relay.example/~garage/a%2Fb/", "https://relay.example/~garage/", "/a%2Fb/", true},
		{"https://garage.relay.example/hi", "https://garage.relay.example/", "/hi", true},
		{"https://relay.example/~garages/hi", "https://relay.example/~garage/", "", false},
		{"http://relay.example/~garage/hi", "https://relay.example/~garage/", "", false},
		{"https://other.example/~garage/hi", "https://relay.example/~garage/", "", false},
		{"https://relay.example/~garage/hi", "", "", false},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := below(u, tt.claim); got != tt.want || ok != tt.ok {
			t.Errorf("%s below %s: got %q, %t", tt.url, tt.claim, got, ok)
		}
	}
}

func TestSightingOfNobody(t *testing.T) {
	var at *sighting
	defer at.close()
	if d := at.find(t.Context(), true); d != nil {
		t.Errorf("got %+v", d)
	}
}

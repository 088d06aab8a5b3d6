package control

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestDoctor(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	bad := Finding{Check: "relay", Subject: "mine", State: FindingProblem, Text: "dns: no such name", Remedy: "check the name"}
	tests := []struct {
		name  string
		found []Finding
		ok    bool
	}{
		{"nothing to look at", []Finding{}, true},
		{"good", []Finding{{Check: "agent", State: FindingOK, Text: "runs"}}, true},
		{"all but problems", []Finding{{Check: "disk", State: FindingWarning}, {Check: "clock", State: FindingSkipped}}, true},
		{"a problem among others", []Finding{{Check: "agent", State: FindingOK}, bad, {Check: "disk", State: FindingOK}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.found = tt.found
			got, err := srv.client.Doctor(t.Context(), Examination{})
			check(t, "checkup", got, &Checkup{OK: tt.ok, Findings: tt.found}, err)
		})
	}
	b.found = nil
	if _, text := ask(t, srv, "GET", "/v1/doctor", ""); text != `{"ok":true,"findings":[]}`+"\n" {
		t.Errorf("nothing found reads %s", text)
	}
	b.found = []Finding{bad}
	want := `{"ok":false,"findings":[{"check":"relay","subject":"mine","state":"problem","text":"dns: no such name","remedy":"check the name"}]}` + "\n"
	if _, text := ask(t, srv, "GET", "/v1/doctor", ""); text != want {
		t.Errorf("a finding reads %s", text)
	}
}

func TestDoctorFails(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	tests := []struct {
		name   string
		err    error
		status int
	}{
		{"agent ends", context.Canceled, http.StatusServiceUnavailable},
		{"too late", context.DeadlineExceeded, http.StatusGatewayTimeout},
		{"anything else", errors.New("no"), http.StatusInternalServerError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.err = tt.err
			_, err := srv.client.Doctor(t.Context(), Examination{})
			if p := asProblem(t, err); p.Status != tt.status {
				t.Errorf("%+v, want %d", p, tt.status)
			}
		})
	}
	if status, _ := ask(t, srv, "POST", "/v1/doctor", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
}

// TestDoctorIsToldHowToLook: canaries are sent unless somebody says otherwise.
func TestDoctorIsToldHowToLook(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	for query, want := range map[string]bool{"": true, "?canary=true": true, "?canary=false": false} {
		if status, _ := ask(t, srv, "GET", "/v1/doctor"+query, ""); status != http.StatusOK || b.examined.Canary != want {
			t.Errorf("%q: %d, %+v", query, status, b.examined)
		}
	}
	for _, want := range []Examination{{Canary: true}, {}} {
		if _, err := srv.client.Doctor(t.Context(), want); err != nil || b.examined != want {
			t.Errorf("%+v, want %+v; %v", b.examined, want, err)
		}
	}
	for _, query := range []string{"?canary=1", "?canary=", "?canaries=true"} {
		if status, text := ask(t, srv, "GET", "/v1/doctor"+query, ""); status != http.StatusBadRequest || !strings.Contains(text, "canar") {
			t.Errorf("%q: %d %s", query, status, text)
		}
	}
}

func TestReport(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	found := &Checkup{Findings: []Finding{{Check: "service", State: FindingProblem, Text: "stopped", Remedy: "start it"}}}
	got, err := srv.client.Report(t.Context(), found)
	check(t, "report", got, &Report{System: System{Version: "test"}, Checkup: *found, Deliveries: []StateCount{}, Log: []string{}}, err)
	if status, text := ask(t, srv, "POST", "/v1/doctor/report", ""); status != http.StatusOK || !strings.Contains(text, `"checkup":{"ok":false,"findings":[]}`) {
		t.Errorf("%d %s", status, text)
	}
	for body, want := range map[string]int{
		`{"found":[]}`: http.StatusBadRequest, `[]`: http.StatusBadRequest,
		`{"findings":[{"text":"` + strings.Repeat("x", maxCheckup) + `"}]}`: http.StatusRequestEntityTooLarge,
	} {
		if status, text := ask(t, srv, "POST", "/v1/doctor/report", body); status != want {
			t.Errorf("%.40s: %d %s", body, status, text)
		}
	}
	if status, _ := ask(t, srv, "GET", "/v1/doctor/report", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", status)
	}
	b.err = errors.New("no")
	if _, err := srv.client.Report(t.Context(), found); asProblem(t, err).Status != http.StatusInternalServerError {
		t.Errorf("%v", err)
	}
}

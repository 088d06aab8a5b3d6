package control

import "testing"

func TestSentOf(t *testing.T) {
	log := []Attempt{{Status: 503, ResponseSize: 3}, {Status: 200, ResponseSize: 7}}
	for _, tt := range []struct {
		name  string
		d     Delivery
		log   []Attempt
		n     int64
		known bool
	}{
		{"the handler's", Delivery{Status: 200, Answer: "hold"}, log, 7, true},
		{"of an earlier attempt", Delivery{Status: 503, Answer: "through"}, log, 3, true},
		{"accepted", Delivery{Status: 202, Answer: "hold"}, log, 0, false},
		{"accepted, and the handler says the same", Delivery{Status: 202, Answer: "hold"}, []Attempt{{Status: 202, ResponseSize: 5}}, 0, false},
		{"store", Delivery{Status: 200, Answer: "store"}, log, 0, false},
		{"replay of store", Delivery{Status: 200, Answer: "store", ReplayOf: "x"}, log, 7, true},
		{"refused", Delivery{Status: 401, Answer: "hold"}, nil, 0, false},
		{"nothing yet", Delivery{Answer: "through"}, []Attempt{{}}, 0, false},
	} {
		r := Record{Delivery: tt.d, Log: tt.log}
		if n, known := r.Sent(); n != tt.n || known != tt.known {
			t.Errorf("%s: got %d, %t", tt.name, n, known)
		}
	}
}

package routes

import (
	"testing"
	"time"
)

// BenchmarkScriptExtras shows what limits, a digest and CGI cost beside a plain
// script. They take turns, as in BenchmarkScript.
func BenchmarkScriptExtras(b *testing.B) {
	digest, err := Digest("/bin/true")
	if err != nil {
		b.Skip(err)
	}
	specs := []ScriptSpec{{}, {SHA256: digest}, {Limits: &LimitsSpec{Files: 1024}}}
	var runs []func()
	for _, s := range specs {
		s.Command = []string{"/bin/true"}
		runs = append(runs, newLoad(b, serveRoute(b, compileOne(b, Spec{Script: &s})).addr, "POST", nil))
	}
	var spent [3]time.Duration
	for b.Loop() {
		for i, run := range runs {
			spent[i] += burst(1, 50, run)
		}
	}
	b.ReportMetric(float64(spent[0])/float64(spent[1]), "pin-of-plain")
	b.ReportMetric(float64(spent[0])/float64(spent[2]), "limits-of-plain")
}

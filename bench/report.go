package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// base is what ratios are taken to: the limit of two hops without a tunnel.
const base = "nginx-x2"

// results holds the samples of all rounds.
type results struct {
	Targets []string
	Callers []int
	Samples map[string]map[int][]sample
	Up      map[string][]float64 // bytes per second
	Down    map[string][]float64
}

func newResults(p plan) *results {
	return &results{
		Targets: p.targets, Callers: p.callers, Samples: make(map[string]map[int][]sample),
		Up: make(map[string][]float64), Down: make(map[string][]float64),
	}
}

func (r *results) add(name string, callers int, s sample) {
	if r.Samples[name] == nil {
		r.Samples[name] = make(map[int][]sample)
	}
	r.Samples[name][callers] = append(r.Samples[name][callers], s)
}

func (r *results) addBulk(name string, up, down float64) {
	r.Up[name] = append(r.Up[name], up)
	r.Down[name] = append(r.Down[name], down)
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

func (r *results) over(name string, callers int, f func(sample) float64) float64 {
	var v []float64
	for _, s := range r.Samples[name][callers] {
		v = append(v, f(s))
	}
	return median(v)
}

func rate(s sample) float64 { return float64(s.Requests) / s.Elapsed.Seconds() }
func p50(s sample) float64  { return float64(s.P50) / float64(time.Microsecond) }
func p99(s sample) float64  { return float64(s.P99) / float64(time.Microsecond) }
func cpuPer10k(s sample) float64 {
	return s.CPU.Seconds() / float64(max(s.Requests, 1)) * 10_000
}

// ratio is the median over the rounds of what this target reached beside the
// base in the same round.
func ratio(mine, theirs []float64) float64 {
	var v []float64
	for i := range min(len(mine), len(theirs)) {
		if theirs[i] > 0 {
			v = append(v, mine[i]/theirs[i])
		}
	}
	return median(v)
}

func (r *results) values(name string, callers int, f func(sample) float64) []float64 {
	var v []float64
	for _, s := range r.Samples[name][callers] {
		v = append(v, f(s))
	}
	return v
}

// print writes the tables in Markdown.
func (r *results) print(w io.Writer) {
	for _, n := range r.Callers {
		fmt.Fprintf(w, "\n%d callers:\n\n| target | requests/s | ratio to %s | p50 µs | p99 µs | CPU s per 10,000 | ratio |\n|---|---:|---:|---:|---:|---:|---:|\n", n, base)
		for _, t := range r.Targets {
			fmt.Fprintf(w, "| %s | %.0f | %.2f | %.0f | %.0f | %.2f | %.2f |\n", t,
				r.over(t, n, rate), ratio(r.values(t, n, rate), r.values(base, n, rate)),
				r.over(t, n, p50), r.over(t, n, p99), r.over(t, n, cpuPer10k),
				ratio(r.values(t, n, cpuPer10k), r.values(base, n, cpuPer10k)))
		}
	}
	if len(r.Up) == 0 {
		return
	}
	fmt.Fprintf(w, "\nBulk:\n\n| target | up MB/s | ratio to %s | down MB/s | ratio |\n|---|---:|---:|---:|---:|\n", base)
	for _, t := range r.Targets {
		fmt.Fprintf(w, "| %s | %.0f | %.2f | %.0f | %.2f |\n", t, median(r.Up[t])/1e6,
			ratio(r.Up[t], r.Up[base]), median(r.Down[t])/1e6, ratio(r.Down[t], r.Down[base]))
	}
}

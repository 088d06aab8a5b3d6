package agent

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"homehook/agent/control"
	"homehook/agent/credentials"
)

// Report returns what may be told of the agent, with a checkup in it.
func (b *backend) Report(ctx context.Context, found control.Checkup) (*control.Report, error) {
	s := b.Status()
	r := &control.Report{System: systemOf(b.opts.Version), Status: &s, Checkup: found, Log: b.lines.all()}
	var err error
	if r.Deliveries, err = b.deliveryCounts(ctx); err != nil {
		b.log.Warn("a report says nothing of deliveries", "error", err)
	}
	return maskReport(r, b.opts.Config, valuesOf(b.opts.Credentials))
}

// ReportOn is the report on an agent that does not run, with what Diagnose has
// found of it and the last lines of its log.
func ReportOn(ctx context.Context, p Patient, found *control.Checkup, log []string) (*control.Report, error) {
	d := newDoctor(p)
	d.open(ctx)
	var values map[string][]string
	if d.store != nil {
		defer d.store.Close()
		values = valuesOf(d.store)
	}
	return maskReport(&control.Report{System: systemOf(p.Version), Checkup: *found, Log: log}, p.Config, values)
}

// Masked returns v with its texts masked as those of a report are, and the names of
// people taken out. v must not hold credentials.
func Masked[T any](v T, people ...string) (T, error) {
	m := newMask(nil)
	for _, name := range people {
		m.knowsPerson(name)
	}
	return masked(m, v)
}

// deliveryCounts is how many deliveries are in each state.
func (b *backend) deliveryCounts(ctx context.Context) ([]control.StateCount, error) {
	found, err := b.journal.Counts(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]control.StateCount, len(found))
	for i, c := range found {
		list[i] = control.StateCount(c)
	}
	return list, nil
}

// valuesOf are the values of all credentials that can be read.
func valuesOf(store *credentials.Store) map[string][]string {
	values := map[string][]string{}
	all, err := store.List()
	if err != nil {
		return nil
	}
	for _, c := range all {
		values[c.Name] = nil
		if v, err := store.All(c.Name); err == nil {
			values[c.Name] = v
		}
	}
	return values
}

// maskReport masks a report, and puts the configuration into it.
func maskReport(r *control.Report, config string, values map[string][]string) (*control.Report, error) {
	m := newMask(values, r.System.Version)
	conf := ""
	if text, err := os.ReadFile(config); err == nil {
		conf = maskConfig(m, text)
	}
	out, err := masked(m, *r)
	if err != nil {
		return nil, err
	}
	out.System, out.Config = r.System, conf
	return &out, nil
}

// systemOf says what this program runs on.
func systemOf(version string) control.System {
	s := control.System{
		Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Release: systemRelease(), CPUs: runtime.NumCPU(), Zone: time.Now().Format("-07:00"),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, b := range info.Settings {
			if b.Key == "vcs.revision" {
				s.Revision = b.Value
			}
		}
	}
	return s
}

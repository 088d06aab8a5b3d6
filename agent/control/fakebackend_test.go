package control

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// fakeBackend is an agent with one of everything.
type fakeBackend struct {
	fakeSetup
	fakeConfiguration
	*Hub
	mu        sync.Mutex
	secrets   map[string]string
	released  []string
	discarded bool   // with the last ReleaseClaim
	replayed  Replay // the last one
	retried   string
	tested    RouteTest
	results   []RouteResult
	exported  Export
	export    func(io.Writer) error
	found     []Finding // by Doctor
	examined  Examination
	paused    bool
	until     time.Time
	changes   []Change // by number
	flushed   func()   // called by Changes before it reads, if set
	query     Query    // of the last Deliveries
	pages     map[string]deliveriesAnswer
	records   map[string]Record
	err       error         // returned by all methods that can
	block     chan struct{} // ReleaseClaim waits for it, if set
	entered   chan struct{} // closed by a ReleaseClaim that waits
}

var _ Backend = (*fakeBackend)(nil)

func newFakeBackend() *fakeBackend {
	return &fakeBackend{
		Hub:     NewHub(),
		secrets: map[string]string{},
		pages:   map[string]deliveriesAnswer{},
		records: map[string]Record{},
	}
}

func (f *fakeBackend) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Status{
		Version: "1.2.3", State: StateConnected, Config: "/home/me/config.yaml", PID: 42, Paused: f.paused, PausedUntil: f.until,
		Claims: f.Claims(), Credentials: CredentialStore{Store: "file"}, Findings: []Finding{{Check: "credentials", Subject: "github", State: FindingProblem, Text: "it is missing"}}, Started: time.Unix(1, 0).UTC(),
	}
}

func (f *fakeBackend) Relays() []Relay {
	return []Relay{{Name: "mine", URL: "https://relay.example.com", State: StateConnected, Dialect: "ptth/1.0", Links: 2, RoundTripMS: 1.5}}
}

func (f *fakeBackend) Claims() []Claim {
	return []Claim{{Name: "garage", Relay: "mine", URL: "https://garage.relay.example.com/", Answer: "through", Connected: true, Links: 2}}
}
func (f *fakeBackend) Routes() []Route { return nil }
func (f *fakeBackend) Credentials() ([]Credential, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Credential
	for name := range f.secrets {
		list = append(list, Credential{Name: name, Set: time.Unix(2, 0).UTC(), Fingerprint: "beef"})
	}
	slices.SortFunc(list, func(a, b Credential) int { return strings.Compare(a.Name, b.Name) })
	return list, f.err
}

func (f *fakeBackend) SetCredential(name, value string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.HasPrefix(name, "/") {
		return fmt.Errorf("credential name %q is %w: it starts with a letter or a digit", name, ErrInvalid)
	}
	f.secrets[name] = value
	return f.err
}

// RotateCredential keeps the values one behind the other, and how long.
func (f *fakeBackend) RotateCredential(name, value string, keep time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secrets[name] = fmt.Sprintf("%s, %s for %v", value, f.secrets[name], keep)
	return nil
}

func (f *fakeBackend) RemoveOldValues(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.secrets[name]; !ok {
		return fmt.Errorf("credential %q: %w", name, ErrNotFound)
	}
	f.secrets[name], _, _ = strings.Cut(f.secrets[name], ", ")
	return nil
}

func (f *fakeBackend) MoveCredentials(_ context.Context, m MoveCredentials) (CredentialStore, error) {
	if m.Place == "keyring" {
		return CredentialStore{}, fmt.Errorf("move root key: %w", ErrLocked)
	}
	return CredentialStore{Store: m.Place, State: CredentialsReady, Text: m.Passphrase}, nil
}

func (f *fakeBackend) RemoveCredential(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.secrets[name]; !ok {
		return fmt.Errorf("credential %q: %w", name, ErrNotFound)
	}
	delete(f.secrets, name)
	return nil
}

func (f *fakeBackend) Deliveries(_ context.Context, q Query) ([]Delivery, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.query = q
	return f.pages[q.Cursor].Deliveries, f.pages[q.Cursor].Next, f.err
}

func (f *fakeBackend) Outline(_ context.Context, q Query) (*Outline, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.query = q
	if q.Search != "" || q.Cursor != "" {
		return nil, fmt.Errorf("an outline of this is %w", ErrInvalid)
	}
	return &Outline{Count: 12}, f.err
}

func (f *fakeBackend) Delivery(_ context.Context, id string) (*Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id == "panic" {
		panic("planted in a test")
	}
	rec, ok := f.records[id]
	if !ok {
		return nil, fmt.Errorf("delivery %q: %w", id, ErrNotFound)
	}
	return &rec, f.err
}

func (f *fakeBackend) ReleaseClaim(ctx context.Context, name string, discard bool) error {
	if f.block != nil {
		close(f.entered)
		select {
		case <-f.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released, f.discarded = append(f.released, name), discard
	return f.err
}

func (f *fakeBackend) Replay(ctx context.Context, id string, r Replay) (*Record, error) {
	f.mu.Lock()
	f.replayed = r
	f.mu.Unlock()
	rec, err := f.Delivery(ctx, id)
	if err != nil {
		return nil, err
	}
	if !r.Confirm && rec.Route == "script" {
		return nil, fmt.Errorf("replay of %s is %w: a script would run once more", id, ErrConfirm)
	}
	rec.ID, rec.ReplayOf = "new", id
	return rec, nil
}

func (f *fakeBackend) Retry(ctx context.Context, id string) (*Delivery, error) {
	rec, err := f.Delivery(ctx, id)
	if err != nil {
		return nil, err
	}
	if rec.State == Succeeded {
		return nil, fmt.Errorf("retry is %w: the delivery has succeeded", ErrConflict)
	}
	f.retried, rec.State = id, Received
	return &rec.Delivery, nil
}

func (f *fakeBackend) RouteTest(_ context.Context, t RouteTest) ([]RouteResult, error) {
	f.tested = t
	return f.results, f.err
}

func (f *fakeBackend) Export(_ context.Context, w io.Writer, e Export) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.exported = e
	if f.export == nil {
		return f.err
	}
	return f.export(w)
}

func (f *fakeBackend) Pause(d time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused, f.until = true, time.Time{}
	if d > 0 {
		f.until = time.Unix(0, 0).UTC().Add(d)
	}
	return f.err
}

func (f *fakeBackend) Resume() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused, f.until = false, time.Time{}
	return f.err
}

func (f *fakeBackend) Doctor(_ context.Context, e Examination) (*Checkup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.examined = e
	if f.err != nil {
		return nil, f.err
	}
	return NewCheckup(f.found), nil
}

func (f *fakeBackend) Fix(_ context.Context, a Action) (*Checkup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found = slices.DeleteFunc(f.found, func(have Finding) bool { return have.Action == a })
	if f.err != nil {
		return nil, f.err
	}
	return NewCheckup(f.found), nil
}

func (f *fakeBackend) Report(_ context.Context, found Checkup) (*Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	return &Report{System: System{Version: "test"}, Checkup: found}, nil
}

func (f *fakeBackend) Changes(_ context.Context, after uint64, limit int) ([]Change, error) {
	if f.flushed != nil {
		f.flushed()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	if len(f.changes) == 0 {
		return nil, fmt.Errorf("changes after %d are %w", after, ErrGap)
	}
	var page []Change
	for _, c := range f.changes {
		if c.Seq > after && len(page) < limit {
			page = append(page, c)
		}
	}
	return page, nil
}

// change adds a change to the journal, as an agent does before it tells the hub.
func (f *fakeBackend) change(seq uint64, id string) Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, Change{Seq: seq, Delivery: Delivery{ID: id}})
	return Event{Seq: seq, Type: EventDelivery, Delivery: &f.changes[len(f.changes)-1].Delivery}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"homehook/faults/port"
)

// lab is a relay and an agent in a folder, to be broken.
type lab struct {
	dir    string
	bin    programs
	claims []claim
	// addr is where the relay listens.
	addr string
	// via is where the agent finds the relay; addr unless something stands
	// between the two.
	via string
	// relayData is the relay's data folder; "" is one in dir.
	relayData string
	// relayFlags are more flags of homehook-relay serve.
	relayFlags []string
	// relayWrap and agentWrap are commands that run the programs: strace.
	relayWrap, agentWrap []string
	// env is more environment for both.
	env []string

	token        string // of the relay
	relay, agent *process
	refusals     int // how often an agent took the one before it for alive
	ledger       *ledger
	tally        *tally
}

// newLab builds the programs and prepares the folder. Nothing runs yet.
func newLab(s *session, tags string, claims []claim) (*lab, error) {
	bin, err := s.build(tags)
	if err != nil {
		return nil, err
	}
	return newLabOf(s, bin, claims)
}

// startLab is a lab that has just been started; it is killed if it did not start.
func startLab(ctx context.Context, s *session, tags string, claims []claim) (*lab, error) {
	l, err := newLab(s, tags, claims)
	if err != nil {
		return nil, err
	}
	if err := l.start(ctx); err != nil {
		l.kill()
		return nil, err
	}
	return l, nil
}

func newLabOf(s *session, bin programs, claims []claim) (*lab, error) {
	addr, err := port.Free()
	if err != nil {
		return nil, err
	}
	l := &lab{dir: s.dir, bin: bin, claims: claims, addr: addr, via: addr, tally: newTally()}
	if err := os.MkdirAll(l.home(), 0o700); err != nil {
		return nil, err
	}
	l.ledger, err = openLedger(l.path("ledger"), true)
	return l, err
}

func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }
func (l *lab) home() string            { return l.path("home") }
func (l *lab) history() string         { return filepath.Join(l.home(), "state", "history.db") }

func (l *lab) data() string {
	if l.relayData != "" {
		return l.relayData
	}
	return l.path("relay")
}

// agentEnv is the environment of the agent and its command line.
func (l *lab) agentEnv(more ...string) []string {
	return append(append([]string{"HOMEHOOK_HOME=" + l.home()}, l.env...), more...)
}

// start makes token and configuration, starts both programs and waits until
// every claim has a link.
func (l *lab) start(ctx context.Context) error {
	if err := errors.Join(l.createToken(), l.configure()); err != nil {
		return err
	}
	if _, err := output(l.agentEnv(), l.token, l.bin.agent, "secret", "set", "relay/lab"); err != nil {
		return err
	}
	if err := l.startRelay(); err != nil {
		return err
	}
	if err := l.startAgent(); err != nil {
		return err
	}
	return l.connected(ctx)
}

func (l *lab) createToken() error {
	token, err := output(l.env, "", l.bin.relay, "token", "create", "lab", "--data", l.data(), "--claims", "100")
	l.token = strings.TrimSpace(token)
	return err
}

// startAlone starts the relay only, and makes the claims by its API.
func (l *lab) startAlone(ctx context.Context) error {
	if err := errors.Join(l.createToken(), l.startRelay(), l.listening(ctx)); err != nil {
		return err
	}
	for _, c := range l.claims {
		var made struct{}
		if err := l.ask(ctx, http.MethodPut, "/api/claims/"+c.name, fmt.Sprintf(`{"answer": %q}`, c.answer), &made); err != nil {
			return fmt.Errorf("make claim %s: %w", c.name, err)
		}
	}
	return nil
}

// ask calls the relay's API and decodes its answer.
func (l *lab) ask(ctx context.Context, method, path, body string, to any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+l.addr+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return json.NewDecoder(res.Body).Decode(to)
}

// startRelay starts the relay, which must have ended, and does not wait for it.
func (l *lab) startRelay(env ...string) error {
	argv := append(append([]string{}, l.relayWrap...), l.bin.relay, "serve", "--listen", l.addr, "--data", l.data())
	p, err := startProcess("relay", l.path("relay.log"), append(env, l.env...), append(argv, l.relayFlags...))
	l.relay = p
	return err
}

// startAgent starts the agent, which must have ended, and does not wait for it.
func (l *lab) startAgent(env ...string) error {
	argv := append(append([]string{}, l.agentWrap...), l.bin.agent, "run")
	p, err := startProcess("agent", l.path("agent.log"), l.agentEnv(env...), argv)
	l.agent = p
	return err
}

// stop ends both programs in order: the agent first.
func (l *lab) stop() error {
	return errors.Join(l.agent.stop(15*time.Second), l.relay.stop(15*time.Second))
}

// kill ends what runs; for the way out after an error.
func (l *lab) kill() {
	l.agent.kill()
	l.relay.kill()
	l.ledger.close()
}

// finish settles, stops both programs and checks the ledger law.
func (l *lab) finish(ctx context.Context, s *session, limit time.Duration, adjust func(*evidence)) error {
	took, err := l.settle(ctx, limit)
	if err != nil {
		return err
	}
	s.Figures["settled_s"] = round(took.Seconds(), 2)
	if err := l.stop(); err != nil {
		s.breach("stop", "both", "%v", err)
	}
	left := ""
	err = until(ctx, 5*time.Second, "all processes have ended", func() bool {
		left = running(filepath.Dir(l.bin.agent))
		return left == ""
	})
	if err != nil {
		s.breach("process", "left", "%s", left)
	}
	return l.verdict(ctx, s, adjust)
}

// verdict checks the ledger law on the files of programs that have ended.
func (l *lab) verdict(ctx context.Context, s *session, adjust func(*evidence)) error {
	e, err := gather(ctx, l)
	if err != nil {
		return err
	}
	e.ordered = s.ordered
	s.Figures["agent_starts_refused"] = l.refusals
	if adjust != nil {
		adjust(e)
	}
	s.Figures["answers"] = l.tally.answers()
	s.Figures["error_lines"] = len(e.errors)
	for _, line := range e.errors[:min(5, len(e.errors))] {
		s.say("%s", line)
	}
	s.judge(check(e))
	return nil
}

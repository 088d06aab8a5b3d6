package imports_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"homehook/agent/imports"
	"homehook/faults/port"
)

// patience is how long the test waits for what is to happen.
const patience = 20 * time.Second

// side is one of the two that are compared: its folder, with a folder for each
// hook, and where its hooks are.
type side struct {
	t       *testing.T
	dir     string
	bin     string
	program string // the probe
	public  string // what stands before /hooks/ID
	client  *http.Client
	env     []string
}

// newSide makes the folders and commands of all hooks.
func newSide(t *testing.T, cases []*hookCase) *side {
	t.Helper()
	dir := t.TempDir()
	s := &side{t: t, dir: dir, bin: filepath.Join(dir, "bin"), program: filepath.Join(dir, "probe"), client: &http.Client{Timeout: patience}}
	s.env = append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "HOMEHOOK_HOME="+filepath.Join(dir, "home"))
	s.build(s.program, "./testdata/probe")
	for _, folder := range []string{s.bin, filepath.Join(s.bin, "records")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range cases {
		home := s.folder(c)
		for _, folder := range []string{filepath.Join(home, "records"), filepath.Join(home, "work")} {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		command := c.Command
		command.Files = declared(c, "pass-file-to-command")
		data, err := json.Marshal(command)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, "behaviour"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(s.program, filepath.Join(home, "probe")); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// folder is where the command of a hook lies.
func (s *side) folder(c *hookCase) string {
	return filepath.Join(s.dir, "hooks", strings.NewReplacer("/", "_", " ", "_", "%", "_").Replace(c.ID))
}

// startWebhook runs the true webhook over the hooks.
func (s *side) startWebhook(program string, cases []*hookCase) {
	addr := freeAddr(s.t)
	_, port, _ := net.SplitHostPort(addr)
	args := []string{"-ip", "127.0.0.1", "-port", port, "-nopanic", "-verbose"}
	for _, file := range s.hooksFiles(cases) {
		args = append(args, "-hooks", file)
	}
	s.start(program, args...)
	s.public = "http://" + addr
	s.listening(addr)
}

// startHomehook runs relay and agent, with the hooks imported.
func (s *side) startHomehook(cases []*hookCase) {
	s.build(s.bin+string(filepath.Separator), "homehook/cmd/homehook", "homehook/cmd/homehook-relay")
	addr, data := freeAddr(s.t), filepath.Join(s.dir, "relay")
	relay := filepath.Join(s.bin, "homehook-relay")
	token := s.run(nil, relay, "token", "create", "test", "--data", data)
	s.start(relay, "serve", "--listen", addr, "--data", data)
	s.listening(addr)
	home := filepath.Join(s.bin, "homehook")
	s.run(token, home, "relay", "add", "mine", "http://"+addr, "--token-stdin")
	s.run(nil, home, "claim", "garage")
	files := s.hooksFiles(cases)
	var answer struct{ imports.Report }
	text := s.run(nil, home, append([]string{"import", "webhook", "--json"}, files...)...)
	if err := json.Unmarshal(text, &answer); err != nil {
		s.t.Fatalf("%v in %s", err, text)
	}
	always = answer.Always
	byName := map[string]*hookCase{}
	for _, c := range cases {
		byName[c.ID] = c
	}
	for _, item := range answer.Items {
		byName[item.Name].item = item
	}
	s.approve()
	s.start(home, "run")
	s.public = "http://" + addr + "/~garage"
	s.until("the agent is connected", func() bool {
		out, err := s.command(home, "status", "--json").Output()
		return err == nil && bytes.Contains(out, []byte(`"state": "connected"`))
	})
}

// approve takes the mark off what was switched off, as a person does after a
// look at it.
func (s *side) approve() {
	path := filepath.Join(s.dir, "home", "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("off: true")) {
		s.t.Error("no hook came in switched off")
	}
	text = bytes.ReplaceAll(text, []byte("    off: true\n"), nil)
	// A busy machine may need longer than senders are usually kept waiting.
	text = bytes.Replace(text, []byte("  - name: garage\n"), []byte("  - name: garage\n    hold: 12s\n"), 1)
	if !bytes.Contains(text, []byte("hold: 12s")) {
		s.t.Error("the claim is not where it was thought to be")
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// build makes programs.
func (s *side) build(to string, packages ...string) {
	s.t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-o", to}, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("build: %v\n%s", err, out)
	}
}

func (s *side) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Dir = s.env, s.dir
	return cmd
}

// run runs a command to its end and returns its output.
func (s *side) run(stdin []byte, program string, args ...string) []byte {
	s.t.Helper()
	var out, errs bytes.Buffer
	cmd := s.command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%s %v: %v\n%s%s", filepath.Base(program), args, err, out.Bytes(), errs.Bytes())
	}
	return out.Bytes()
}

// start starts a program that runs until the end of the test.
func (s *side) start(program string, args ...string) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, filepath.Base(program)+".log"))
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := s.command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
		log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && s.t.Failed() {
			s.t.Logf("%s:\n%s", filepath.Base(program), text)
		}
	})
}

func (s *side) listening(addr string) {
	s.until(addr+" listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// until polls.
func (s *side) until(what string, ok func() bool) bool {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Errorf("it did not happen that %s", what)
			return false
		}
	}
	return true
}

func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// calls are the files about the calls of a hook's command so far, in order.
func (s *side) calls(c *hookCase) (names []string) {
	dir := s.folder(c)
	if c.Execute == "$NAME" {
		dir = s.bin
	}
	all, _ := filepath.Glob(filepath.Join(dir, "records", "*"))
	for _, name := range all { // in the order of time
		if !strings.HasSuffix(name, ".tmp") {
			names = append(names, name)
		}
	}
	return names
}

// record reads how a command was called.
func (s *side) record(name string) *record {
	data, err := os.ReadFile(name)
	if err == nil {
		var r record
		if err = json.Unmarshal(data, &r); err == nil {
			return &r
		}
	}
	s.t.Errorf("%s: %v", name, err)
	return nil
}

// plain takes out of a text what differs by the folders alone.
func (s *side) plain(text string, c *hookCase) string {
	text = strings.ReplaceAll(text, s.folder(c), "$DIR")
	return strings.ReplaceAll(text, s.bin, "$BIN")
}

package routes

import (
	"cmp"
	"fmt"
	"time"

	"homehook/routes/process"
)

// extras are what a script may have besides the program: another user, limits,
// and the digest that it was approved with. Each is nil when not given.
type extras struct {
	as     *process.Account
	limits *process.Limits
	pin    *process.Pin
	code   *process.Code // which nobody else may be able to change
}

// extras checks those keys of a script, and changes what follows from them: a
// script of another user has that user's home.
func (c *compiler) extras(path string, s *ScriptSpec, r *scripter) {
	if r.as != nil {
		r.dir = cmp.Or(s.Dir, r.as.Folder())
		r.spool = process.SpoolFolder(r.as)
		r.env = r.as.Environment(r.env, s.Env)
		removeLeft(r.spool)
	}
	if s.Limits != nil {
		r.limits = c.limits(path+".limits", s.Limits, r.as)
	}
	if s.SHA256 != "" {
		r.pin = c.pin(path+".sha256", s)
	}
}

// pin checks the digest of a script's program. Whether the program has it counts
// when it is started: one that has changed stops its own route, not all others.
func (c *compiler) pin(path string, s *ScriptSpec) *process.Pin {
	program := ""
	if len(s.Command) > 0 {
		program = s.Command[0]
	}
	p := process.NewPin(program, s.SHA256)
	if p == nil {
		c.report(path, fmt.Sprintf("%q is not a SHA-256 digest", s.SHA256), "homehook route approve writes it; by hand, it is the 64 digits that sha256sum prints")
	}
	return p
}

// Digest returns the SHA-256 digest of a program in hex, as ScriptSpec.SHA256
// has it.
func Digest(path string) (string, error) { return process.Digest(path) }

// account finds the user that a script is to run as.
func (c *compiler) account(path, name string) *process.Account {
	a, err := process.LookUpAccount(name)
	if err != nil {
		c.report(path, fmt.Sprintf("a script cannot run as the user %q: %s", name, err), remedyOf(err))
		return nil
	}
	return a
}

// limits checks what a script may use.
func (c *compiler) limits(path string, s *LimitsSpec, as *process.Account) *process.Limits {
	for _, k := range []struct {
		key   process.Limit
		value int64
		least int64
	}{
		{process.LimitMemory, int64(s.Memory), 1 << 20},
		{process.LimitProcesses, int64(s.Processes), 1},
		{process.LimitCPU, int64(s.CPU), int64(time.Second)},
		{process.LimitFiles, int64(s.Files), 3},
		{process.LimitFileSize, int64(s.FileSize), 1},
	} {
		at := path + "." + string(k.key)
		err := k.key.Available(as)
		switch {
		case k.value == 0:
		case k.value < k.least:
			c.report(at, fmt.Sprintf("no program can run with %s of it", s.text(k.key)), "leave it out for no limit, or allow more")
		case err != nil:
			c.report(at, err.Error(), remedyOf(err))
		}
	}
	if s.CPU%Duration(time.Second) != 0 {
		c.report(path+".cpu", "processor time is limited in whole seconds", "write it like 10s")
	}
	return &process.Limits{Memory: int64(s.Memory), Processes: s.Processes, CPU: time.Duration(s.CPU), Files: s.Files, FileSize: int64(s.FileSize)}
}

// text is the value of a limit as it is written.
func (s *LimitsSpec) text(key process.Limit) string {
	switch key {
	case process.LimitMemory:
		return s.Memory.String()
	case process.LimitProcesses:
		return fmt.Sprint(s.Processes)
	case process.LimitCPU:
		return s.CPU.String()
	case process.LimitFiles:
		return fmt.Sprint(s.Files)
	}
	return s.FileSize.String()
}

package routes

import (
	"cmp"
	"fmt"
	"time"
)

// extras are what a script may have besides the program: another user, limits,
// and the digest that it was approved with. Each is nil when not given.
type extras struct {
	as     *account
	limits *limits
	pin    *pin
}

// extras checks those keys of a script, and changes what follows from them: a
// script of another user has that user's home.
func (c *compiler) extras(path string, s *ScriptSpec, r *scripter) {
	if s.User != "" {
		r.as = c.account(path+".user", s.User)
	}
	if r.as != nil {
		r.dir = cmp.Or(s.Dir, r.as.folder())
		r.spool = sharedSpool()
		r.env = r.as.environment(r.env, s.Env)
		removeLeft(r.spool)
	}
	if s.Limits != nil {
		r.limits = c.limits(path+".limits", s.Limits, r.as)
	}
	if s.SHA256 != "" {
		r.pin = c.pin(path+".sha256", s)
	}
}

// account finds the user that a script is to run as.
func (c *compiler) account(path, name string) *account {
	a, err := lookUpAccount(name)
	if err != nil {
		c.report(path, fmt.Sprintf("a script cannot run as the user %q: %s", name, err), remedyOf(err))
		return nil
	}
	return a
}

// limits checks what a script may use.
func (c *compiler) limits(path string, s *LimitsSpec, as *account) *limits {
	l := limits(*s)
	for _, k := range []struct {
		key   string
		value int64
		least int64
	}{
		{"memory", int64(s.Memory), 1 << 20},
		{"processes", int64(s.Processes), 1},
		{"cpu", int64(s.CPU), int64(time.Second)},
		{"files", int64(s.Files), 3},
		{"file_size", int64(s.FileSize), 1},
	} {
		at := path + "." + k.key
		err := l.available(k.key, as)
		switch {
		case k.value == 0:
		case k.value < k.least:
			c.report(at, fmt.Sprintf("no program can run with %s of it", l.text(k.key)), "leave it out for no limit, or allow more")
		case err != nil:
			c.report(at, err.Error(), remedyOf(err))
		}
	}
	if s.CPU%Duration(time.Second) != 0 {
		c.report(path+".cpu", "processor time is limited in whole seconds", "write it like 10s")
	}
	return &l
}

// limits are what a script may use, for each of its processes.
type limits LimitsSpec

// text is the value of a limit as it is written.
func (l *limits) text(key string) string {
	switch key {
	case "memory":
		return l.Memory.String()
	case "processes":
		return fmt.Sprint(l.Processes)
	case "cpu":
		return l.CPU.String()
	case "files":
		return fmt.Sprint(l.Files)
	}
	return l.FileSize.String()
}

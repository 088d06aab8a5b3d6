package routes

import (
	"cmp"
	"os"
	"time"

	"homehook/http1"
	"homehook/routes/process"
)

const (
	scriptTimeout = time.Minute     // unless a route says otherwise
	scriptOutput  = 1 << 20         // bytes of standard output, likewise
	scriptGrace   = 5 * time.Second // between the polite end and the other
	stopGrace     = 2 * time.Second // the same when the agent stops, which has 10 seconds in all
	scriptLinger  = 2 * time.Second // for output held open behind the script's end
)

// scripter runs a program for each delivery.
type scripter struct {
	command   []string
	dir       string
	spool     string           // folder for header files
	env       []string         // what every run gets
	templates *scriptTemplates // nil for none
	timeout   time.Duration
	output    int
	grace     time.Duration
	linger    time.Duration
	secret    []string // fields with a secret by which the agent has checked the sender
	extras
}

var _ handler = (*scripter)(nil)

func (c *compiler) script(path string, s *ScriptSpec, route *Route) *scripter {
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	r := &scripter{
		command: s.Command, dir: cmp.Or(s.Dir, home), spool: process.SpoolFolder(nil), grace: scriptGrace, linger: scriptLinger,
		timeout: cmp.Or(time.Duration(s.Timeout), scriptTimeout),
		output:  int(cmp.Or(s.Output, scriptOutput)),
	}
	removeLeft(r.spool)
	if s.User != "" {
		r.as = c.account(path+".user", s.User)
	}
	c.sponsors = r.as.Trust() // it is theirs to run what they have
	defer func() { c.sponsors = nil }()
	c.command(path+".command", s.Command)
	if s.Timeout < 0 {
		c.report(path+".timeout", "a timeout cannot be negative", "leave it out for "+Duration(scriptTimeout).String())
	}
	if s.Output < 0 || s.Output > 1<<30 {
		c.report(path+".output", "the kept output is between 1 byte and 1GiB", "leave it out for "+Size(scriptOutput).String())
	}
	if s.Dir != "" {
		c.folder(path+".dir", s.Dir)
	}
	r.env = c.environment(path+".env", s.Env)
	r.secret = route.secretFields()
	args := c.templates(path, s, r, route)
	c.extras(path, s, r)
	r.code = c.custody(path+".command", args, r.dir)
	return r
}

func (s *scripter) close() {}

// takeBody brings the request's body as far as a handler wants it before it
// starts: whole, when it is short, else what had to be read to get it going.
func takeBody(b *http1.Request) (whole bool, first []byte, err error) {
	if whole, err = b.Body.Fill(maxWhole); err != nil || whole {
		return whole, nil, err
	}
	first, err = prime(b)
	return false, first, err
}

package main

import (
	"context"
	"errors"
	"flag"
)

// checking looks at the folder of a run again.
type checking struct {
	lenient, backlog bool
}

func checkFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	c := new(checking)
	fs.BoolVar(&c.lenient, "lenient", true, "deliveries may be quarantined or interrupted, as after a kill of the agent")
	fs.BoolVar(&c.backlog, "backlog", false, "deliveries may be on their way still")
	return c.run
}

// run checks the folder that -dir names. Its programs must have ended.
func (c *checking) run(ctx context.Context, s *session) error {
	if s.dir == "" {
		return errors.New("check needs -dir, the folder of a run with -keep")
	}
	s.keep = true
	l := &lab{dir: s.dir, claims: usual(), tally: newTally()}
	return l.verdict(ctx, s, func(e *evidence) { e.lenient, e.backlog = c.lenient, c.backlog })
}

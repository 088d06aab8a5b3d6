package routes

import (
	"fmt"
	"io"
	"os"
)

// scriptFile looks into the program of a script that is fine from outside, and
// says how to mend settings that are out of bounds.
func (c *compiler) scriptFile(path string, s *ScriptSpec) {
	c.mend(path+".command", "leave the byte out")
	c.mend(path+".env", "leave the byte out")
	c.mend(path+".timeout", "leave it out for "+Duration(scriptTimeout).String())
	c.mend(path+".output", "leave it out for "+Size(scriptOutput).String())
	if len(s.Command) == 0 || c.has(path+".command") {
		return
	}
	name := s.Command[0]
	if head, ok := firstBytes(name); ok && !canStart(head) {
		c.report(path+".command[0]", fmt.Sprintf("the command %s is neither a program of this kind of system nor a script that names its interpreter", name),
			"give it a first line such as #!/bin/sh")
	}
}

// firstBytes reads the beginning of a program. One that may be run but not be
// read is not looked into.
func firstBytes(name string) (head []byte, ok bool) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	head = make([]byte, 4)
	n, err := io.ReadFull(f, head)
	return head[:n], err == nil || err == io.EOF || err == io.ErrUnexpectedEOF
}

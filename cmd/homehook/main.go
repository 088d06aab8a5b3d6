// Command homehook is the agent and its command line.
//
// "homehook run" is the agent in the foreground. Most other verbs ask the
// running agent over its control socket, or edit the configuration file and
// the credentials, which the agent follows; "homehook try" joins a relay and an
// agent in one process for a first look.
//
// Each verb has a file of its own, which holds its flags, its help and its Run
// method. The verbs share an app (app.go), the way things are printed
// (print.go, table.go, deliveries.go) and the rule that nothing that came from
// the network reaches a terminal unescaped (escape.go).
//
// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the agent is not running, and 78
// of "homehook run --service", which is not to be started again like this.
package main

import "os"

func main() {
	shutMemory()
	a := newApp()
	os.Exit(a.execute(a.signals.watch(), os.Args[1:]))
}

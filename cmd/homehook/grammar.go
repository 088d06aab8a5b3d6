package main

// grammar is the whole command line: one field a verb, in the order of the
// help. The types stand in the files of their verbs.
type grammar struct {
	JSON   bool `name:"json" help:"Print JSON: one value, and an array for a list."`
	System bool `name:"system" help:"Mean the agent that is a service of the machine, not this user's."`

	// First what a new user tries, then what is set up once, then daily use.
	Try     tryCmd     `cmd:"" help:"See a webhook arrive, with nothing set up."`
	Run     runCmd     `cmd:"" help:"Run the agent in the foreground."`
	Service serviceCmd `cmd:"" help:"Have the agent run by itself: install, start, stop, show."`
	Status  statusCmd  `cmd:"" help:"Show how the agent and its relays are doing."`
	Doctor  doctorCmd  `cmd:"" help:"Say what is wrong, and what to do about it."`
	Relay   relayCmd   `cmd:"" help:"Add, list, test and remove relays."`
	Claim   claimCmd   `cmd:"" help:"Claim a name on a relay, and so a public URL."`
	Claims  claimsCmd  `cmd:"" help:"List the claims and their public URLs."`
	Release releaseCmd `cmd:"" help:"Give a claimed name back."`
	Route   routeCmd   `cmd:"" help:"List the routes, check the configuration, try changes."`
	Import  importCmd  `cmd:"" help:"Make routes of what other webhook tools have."`
	History historyCmd `cmd:"" help:"List deliveries, newest first."`
	Show    showCmd    `cmd:"" help:"Show one delivery: request, attempts, answer."`
	Replay  replayCmd  `cmd:"" help:"Run a delivery once more, changed if need be."`
	Retry   retryCmd   `cmd:"" help:"Run deliveries anew that failed or wait."`
	Export  exportCmd  `cmd:"" help:"Write the history in a format for other programs."`
	Tail    tailCmd    `cmd:"" help:"Show deliveries as they come."`
	Send    sendCmd    `cmd:"" help:"Send a webhook to a URL, signed if need be."`
	Pause   pauseCmd   `cmd:"" help:"Keep deliveries waiting."`
	Resume  resumeCmd  `cmd:"" help:"End a pause."`
	Secret  secretCmd  `cmd:"" help:"Set, list and remove credentials."`

	Version    versionCmd    `cmd:"" help:"Show the version."`
	Completion completionCmd `cmd:"" help:"Print a completion script for a shell."`

	SampleScript sampleScriptCmd `cmd:"" hidden:"" help:"The script that try runs."`
}

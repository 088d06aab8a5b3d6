package routes

// Spec is a route as it stands in the configuration file. Exactly one of the
// handlers is set.
type Spec struct {
	// Name says in the history which route a delivery took. It is unique; a
	// route without a name is called as its pattern.
	Name string `yaml:"name"`

	// Claim is the name of the claim whose deliveries the route takes.
	Claim string `yaml:"claim"`

	// Match is a pattern as net/http's ServeMux has them since Go 1.22,
	// without a host: "/", "POST /github/{repo}", "/files/{path...}".
	Match string `yaml:"match"`

	// Unverified allows deliveries whose sender nobody checks. A route that
	// checks nothing must say so.
	Unverified bool `yaml:"unverified"`

	Forward *ForwardSpec `yaml:"forward"`
	Script  *ScriptSpec  `yaml:"script"`
	Respond *RespondSpec `yaml:"respond"`
}

// ForwardSpec sends deliveries on to an HTTP server.
type ForwardSpec struct {
	// To is where to: "http://host:port", "https://host", either with a base
	// path that is put before the delivery's own, or "unix:/path/to/socket".
	To string `yaml:"to"`

	// Strip is a path prefix, such as /ha, that is taken off before the
	// request goes out. A path without it goes out as it is.
	Strip string `yaml:"strip"`

	// Host is the Host field of the request: "keep" for what the sender
	// asked for (the default), "target" for the host in To, or a literal.
	Host string `yaml:"host"`

	// Timeout bounds the wait for the head of the response; default 5m.
	Timeout Duration `yaml:"timeout"`

	// Headers are fields that the request gets; a field of the same name
	// that the sender gave is replaced.
	Headers map[string]string `yaml:"headers"`
}

// ScriptSpec runs a program with the body on its standard input.
type ScriptSpec struct {
	// Command is the program's absolute path and its arguments. No shell
	// reads it, and nothing of a delivery can stand in it.
	Command []string `yaml:"command"`

	// Timeout is when the script and all it started are ended; default 60s.
	// What a script leaves running behind it is ended with it; work that is
	// to last belongs into a service of its own.
	Timeout Duration `yaml:"timeout"`

	// Output is how much standard output is kept as the answer; default 1MiB.
	Output Size `yaml:"output"`

	// Dir is the working folder; default the home folder of the agent's user.
	Dir string `yaml:"dir"`

	// Env are variables that the script sees beside HOMEHOOK_… and the few
	// that the agent hands on (PATH, HOME, LANG and their like).
	Env map[string]string `yaml:"env"`
}

// RespondSpec gives a fixed answer.
type RespondSpec struct {
	// Status is the status code, 200 to 599; default 200.
	Status int `yaml:"status"`

	// Headers are fields of the answer.
	Headers map[string]string `yaml:"headers"`

	// Body is the body of the answer.
	Body string `yaml:"body"`
}

// Problem is one thing wrong with a list of routes.
type Problem struct {
	// Path is where, below the list: "[2].script.command".
	Path string

	// Message says what is wrong, Remedy what to do; Remedy may be empty.
	Message, Remedy string
}

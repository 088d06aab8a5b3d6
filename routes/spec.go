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

	// Verify is how the sender is checked before the handler runs.
	Verify *VerifySpec `yaml:"verify"`

	// Unverified allows deliveries whose sender nobody checks. A route that
	// checks nothing must say so.
	Unverified bool `yaml:"unverified"`

	// Background answers 202 as soon as the delivery is written down, and
	// runs the handler behind it, again and again until it succeeds or is
	// given up.
	Background bool `yaml:"background"`

	// Parallel is how many deliveries of the route may run at once, 1 to 64.
	// It takes them out of the order in which the claim's deliveries came;
	// by default they stay in it.
	Parallel int `yaml:"parallel"`

	// WhileRunning is what becomes of a delivery that comes while as many of
	// the route run as may run at once: "wait" for its turn (the default),
	// "skip" it, or run only the "latest" of those that came meanwhile.
	WhileRunning string `yaml:"while_running"`

	// AtMostOnce gives a delivery up whose handler was running when the agent
	// died; by default the handler runs again.
	AtMostOnce bool `yaml:"at_most_once"`

	Forward *ForwardSpec `yaml:"forward"`
	Script  *ScriptSpec  `yaml:"script"`
	Respond *RespondSpec `yaml:"respond"`
}

// VerifySpec says how the signature of a sender is checked.
type VerifySpec struct {
	// Scheme is whose way of signing it is: github, stripe, slack, …
	Scheme string `yaml:"scheme"`

	// Secret is the name of the credential with the signing secret, or for
	// schemes with key pairs with the sender's public key.
	Secret string `yaml:"secret"`

	// Secrets are the names of several credentials, any of which will do, for
	// the time in which one takes over from another.
	Secrets []string `yaml:"secrets"`

	// Tolerance is how far the signed time may lie from the time of receipt;
	// default 5m. Schemes that sign no time have no use for it.
	Tolerance Duration `yaml:"tolerance"`

	// Header is the field with the signature, for the scheme hmac.
	Header string `yaml:"header"`

	// Hash is sha1, sha256 (the default) or sha512, for the scheme hmac.
	Hash string `yaml:"hash"`

	// Encoding is hex (the default) or base64, for the scheme hmac.
	Encoding string `yaml:"encoding"`
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

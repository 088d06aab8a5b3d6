package routes

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

	// Headers are fields that the request gets, as templates; a field of the
	// same name that the sender gave is replaced.
	Headers map[string]string `yaml:"headers"`

	// Retries is how often a connection that could not be opened is tried
	// again at once, a second apart, 0 to 5; default 0.
	Retries int `yaml:"retries"`

	// LAN allows a name that is not one of the local network to lead to an
	// address of it. Addresses, and names such as nas, nas.local and
	// nas.home.arpa, may do that anyway.
	LAN bool `yaml:"lan"`

	// TLS is how an https target is trusted.
	TLS *TLSSpec `yaml:"tls"`
}

// TLSSpec is how a target is trusted.
type TLSSpec struct {
	// CA is a PEM file with roots that are trusted besides the system's.
	CA string `yaml:"ca"`

	// Name is the name that the certificate has to have, in place of the
	// target's.
	Name string `yaml:"name"`

	// Cert and Key are PEM files with a certificate for this side.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`

	// Insecure takes any certificate.
	Insecure bool `yaml:"insecure"`
}

// ScriptSpec runs a program with the body on its standard input.
type ScriptSpec struct {
	// Command is the program's absolute path and its arguments. No shell reads
	// it. Arguments are templates; the program is not.
	Command []string `yaml:"command"`

	// Timeout is when the script and all it started are ended; default 60s.
	// What a script leaves running behind it is ended with it; work that is
	// to last belongs into a service of its own.
	Timeout Duration `yaml:"timeout"`

	// Output is how much standard output is kept as the answer; default 1MiB.
	Output Size `yaml:"output"`

	// Dir is the working folder; default the home folder of the user that
	// runs the script.
	Dir string `yaml:"dir"`

	// Env are variables that the script sees beside HOMEHOOK_… and the few
	// that the agent hands on (PATH, HOME, LANG and their like). The values
	// are templates; a variable whose value is one expression that comes to
	// nothing is not set.
	Env map[string]string `yaml:"env"`

	// Files are variables that hold the path of a file with the value of a
	// template, which is there while the script runs.
	Files map[string]string `yaml:"files"`

	// Headers are fields of the answer, as templates.
	Headers map[string]string `yaml:"headers"`

	// User is the user that runs the script; default the agent's. An agent
	// that runs as root may use others.
	User string `yaml:"user"`

	// SHA256 is the digest of the program in hex, as "homehook route approve"
	// writes it. A program with another one is not run.
	SHA256 string `yaml:"sha256"`

	// Limits are what the script may use.
	Limits *LimitsSpec `yaml:"limits"`
}

// LimitsSpec is what a script may use, for each of its processes. Zero is no
// limit but the system's. Linux has them all, Windows Memory, Processes (of the
// script) and CPU; other systems refuse them.
type LimitsSpec struct {
	Memory    Size     `yaml:"memory"`    // of address space
	Processes int      `yaml:"processes"` // of the user that runs it, in all
	CPU       Duration `yaml:"cpu"`       // of processor time, in whole seconds
	Files     int      `yaml:"files"`     // open at once
	FileSize  Size     `yaml:"file_size"` // of each file that it writes
}

// CGISpec runs a CGI program (RFC 3875).
type CGISpec struct {
	// Program is its absolute path.
	Program string `yaml:"program"`

	// Name is the part of the path that names the program, SCRIPT_NAME, below
	// the claim's URL; default the part of Match before its first wildcard,
	// without a slash at its end. What follows it is PATH_INFO.
	Name string `yaml:"name"`

	// Root is the folder that PATH_TRANSLATED is built with; without it there
	// is no PATH_TRANSLATED.
	Root string `yaml:"root"`

	// Dir is the working folder; default that of the program.
	Dir string `yaml:"dir"`

	// Timeout is as for scripts; default 60s.
	Timeout Duration `yaml:"timeout"`

	// Output is the largest answer; default 32MiB. One that is larger makes a
	// 502, or is broken off if a part of it has gone out.
	Output Size `yaml:"output"`

	// Env are further variables.
	Env map[string]string `yaml:"env"`

	// Authorization hands that field of the request to the program, as
	// HTTP_AUTHORIZATION, unless the route has checked it by itself.
	Authorization bool `yaml:"authorization"`
}

// FastCGISpec sends deliveries to a FastCGI responder.
type FastCGISpec struct {
	// To is where it listens: "host:port" or "unix:/path/to/socket".
	To string `yaml:"to"`

	// Root is the folder of the scripts, as the responder sees it; with it,
	// SCRIPT_FILENAME is built.
	Root string `yaml:"root"`

	// Index is the script for a path that ends in a slash; default index.php.
	Index string `yaml:"index"`

	// Split is the end of a script's name, behind which PATH_INFO begins;
	// default .php.
	Split string `yaml:"split"`

	// Script is the one script for all paths, below Root; Index and Split do
	// not count then.
	Script string `yaml:"script"`

	// Timeout bounds the wait for the head of the answer; default 60s.
	Timeout Duration `yaml:"timeout"`

	// Env are further parameters.
	Env map[string]string `yaml:"env"`

	// Reuse leaves connections open for further requests. A responder that
	// serves one connection at a time serves nobody else then.
	Reuse bool `yaml:"reuse"`
}

// What SaveSpec.What may be.
const (
	SaveBody  = "body"
	SaveFiles = "files"
)

// SaveSpec writes deliveries to files.
type SaveSpec struct {
	// Folder is the absolute path of the folder that holds them.
	Folder string `yaml:"folder"`

	// Name is a template for the name below Folder; slashes in its own text
	// make folders, those in values do not. Default "{id}". With What: files,
	// "-" and the file's own name stand behind it, or the file's own name alone
	// where Name ends in a slash.
	Name string `yaml:"name"`

	// What is "body" (the default), or "files" for the files that were
	// uploaded as multipart/form-data, each on its own.
	What string `yaml:"what"`

	// Overwrite replaces a file of the same name; by default that is a failure.
	Overwrite bool `yaml:"overwrite"`

	// Size is the largest file; default 32MiB.
	Size Size `yaml:"size"`
}

// NotifySpec tells a person: on the desktop of the agent's user unless NTFY or
// Mail says where.
type NotifySpec struct {
	// Title and Text are templates; the default title is the route's name, the
	// default text says what came.
	Title string `yaml:"title"`
	Text  string `yaml:"text"`

	// Link is a template for an address that a click opens: http or https.
	Link string `yaml:"link"`

	// Urgent asks for more attention than usual.
	Urgent bool `yaml:"urgent"`

	// Desktop tells the desktop besides NTFY and Mail.
	Desktop bool `yaml:"desktop"`

	NTFY *NTFYSpec `yaml:"ntfy"`
	Mail *MailSpec `yaml:"mail"`
}

// NTFYSpec publishes to a topic of an ntfy server.
type NTFYSpec struct {
	URL   string   `yaml:"url"`   // of the topic, such as https://ntfy.sh/mytopic
	Token string   `yaml:"token"` // name of the credential with an access token; empty for none
	Tags  []string `yaml:"tags"`
}

// MailSpec sends an e-mail by SMTP.
type MailSpec struct {
	Server   string   `yaml:"server"`   // "host:port"; 465 is TLS from the start, others STARTTLS
	From     string   `yaml:"from"`     // address
	To       []string `yaml:"to"`       // addresses
	User     string   `yaml:"user"`     // empty for no authentication
	Password string   `yaml:"password"` // name of the credential
	// Plain allows a server without TLS.
	Plain bool `yaml:"plain"`
}

// RespondSpec gives an answer without any work.
type RespondSpec struct {
	// Status is the status code, 200 to 599; default 200.
	Status int `yaml:"status"`

	// Headers are fields of the answer, as templates.
	Headers map[string]string `yaml:"headers"`

	// Body is the body of the answer, a template.
	Body string `yaml:"body"`
}

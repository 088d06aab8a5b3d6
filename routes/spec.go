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

	// Off switches the route off: it is checked, and takes nothing.
	Off bool `yaml:"off"`

	// Verify is how the sender is checked before the handler runs.
	Verify *VerifySpec `yaml:"verify"`

	// Unverified allows deliveries whose sender nobody checks. A route that
	// checks nothing must say so.
	Unverified bool `yaml:"unverified"`

	// Events are the types of events that the route takes, in the words of
	// the sender that Verify names: push, "pull_request.opened", "charge.*".
	// A delivery about another event goes on to the next route.
	Events []string `yaml:"events"`

	// When is a condition in the language of package expression. A delivery
	// that does not meet it goes on to the next route.
	When string `yaml:"when"`

	// Continue lets later routes have the delivery too. The first route that
	// takes it makes the answer.
	Continue bool `yaml:"continue"`

	// Rate is how many deliveries the route takes in how long.
	Rate *RateSpec `yaml:"rate"`

	// Transform changes what the handlers get.
	Transform *TransformSpec `yaml:"transform"`

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

	// Accepted is the answer to a delivery that is kept and runs later, in
	// place of that of the claim.
	Accepted *RespondSpec `yaml:"accepted"`

	// The handler that makes the answer: exactly one.
	Forward *ForwardSpec `yaml:"forward"`
	Script  *ScriptSpec  `yaml:"script"`
	CGI     *CGISpec     `yaml:"cgi"`
	FastCGI *FastCGISpec `yaml:"fastcgi"`
	Save    *SaveSpec    `yaml:"save"`
	Notify  *NotifySpec  `yaml:"notify"`
	Respond *RespondSpec `yaml:"respond"`

	// Also are further handlers, which run behind that one, in this order.
	// What they answer is in the history only.
	Also []HandlerSpec `yaml:"also"`
}

// HandlerSpec is a handler beside the one that makes the answer. Exactly one of
// its fields is set.
type HandlerSpec struct {
	Forward *ForwardSpec `yaml:"forward"`
	Script  *ScriptSpec  `yaml:"script"`
	CGI     *CGISpec     `yaml:"cgi"`
	FastCGI *FastCGISpec `yaml:"fastcgi"`
	Save    *SaveSpec    `yaml:"save"`
	Notify  *NotifySpec  `yaml:"notify"`
}

// HandlerKeys are the keys of a route's handlers.
var HandlerKeys = []string{"forward", "script", "cgi", "fastcgi", "save", "notify", "respond"}

// HandlersOf returns which of the keys a route has, without those under also.
func HandlersOf(s *Spec) (given []string) {
	for i, set := range []bool{s.Forward != nil, s.Script != nil, s.CGI != nil, s.FastCGI != nil, s.Save != nil, s.Notify != nil, s.Respond != nil} {
		if set {
			given = append(given, HandlerKeys[i])
		}
	}
	return given
}

// main returns the handlers of a route of which one makes the answer.
func (s *Spec) main() HandlerSpec {
	return HandlerSpec{Forward: s.Forward, Script: s.Script, CGI: s.CGI, FastCGI: s.FastCGI, Save: s.Save, Notify: s.Notify}
}

// RateSpec bounds how often a route runs. A sender who waits is answered 429
// beyond that; a delivery for whose answer nobody waits has its turn later.
type RateSpec struct {
	// Limit is how many deliveries are taken in the time Per.
	Limit int `yaml:"limit"`

	// Per is that time; default 1m.
	Per Duration `yaml:"per"`
}

// TransformSpec changes a delivery before the handlers get it: first the parts
// that Rename names, then Drop, then Set, then Body. Parts are written as in
// expressions: header.X-Name, query.name, form.name, json.a.b. The values are
// templates over the delivery as it came.
type TransformSpec struct {
	Rename map[string]string `yaml:"rename"`
	Drop   []string          `yaml:"drop"`
	Set    map[string]string `yaml:"set"`

	// Body is a template for the whole body, Type its Content-Type.
	Body string `yaml:"body"`
	Type string `yaml:"type"`
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

	// Header is the field with the signature, for the scheme hmac, or with
	// the secret itself, for the scheme token.
	Header string `yaml:"header"`

	// Hash is sha1, sha256 (the default) or sha512, for the scheme hmac.
	Hash string `yaml:"hash"`

	// Encoding is hex (the default) or base64, for the scheme hmac.
	Encoding string `yaml:"encoding"`

	// Prefix is what stands before the signature in its field, such as
	// "sha256=" or "v1=", for the scheme hmac. The default takes the name of
	// the hash and an equals sign, if they are there.
	Prefix string `yaml:"prefix"`

	// Signed is the text that is signed, for the scheme hmac: "{body}" (the
	// default) with what the sender puts around it. It may name {body}, {url},
	// {method}, {time}, and fields as {header.X-Timestamp}.
	Signed string `yaml:"signed"`

	// Time is the field with the time that is signed, for the scheme hmac; with
	// it Tolerance counts. It is a number of seconds or milliseconds since 1970,
	// or a date.
	Time string `yaml:"time"`

	// User is the name of the user, for the scheme basic.
	User string `yaml:"user"`

	// URL is the public URL that the sender signs, where that is not the one
	// it used as the relay saw it, for twilio, square, hubspot, rfc9421, and for
	// hmac with {url} in Signed. Without a query it gets that of the request.
	URL string `yaml:"url"`

	// From are the address ranges that deliveries may come from, as the relay
	// saw the sender: "192.0.2.0/24", "2001:db8::1". With the scheme ip they
	// are all that is checked.
	From []string `yaml:"from"`

	// Covers are the components that a signature has to cover, for rfc9421, such
	// as content-digest, "@method" and "@path". The default is content-digest,
	// for requests with a body.
	Covers []string `yaml:"covers"`

	// Token is the name of the credential with the text that meta asks for
	// when the address is set up.
	Token string `yaml:"token"`
}

// Problem is one thing wrong with a list of routes.
type Problem struct {
	// Path is where, below the list: "[2].script.command".
	Path string

	// Message says what is wrong, Remedy what to do; Remedy may be empty.
	Message, Remedy string

	// Passing says that a file or folder is not as it has to be, and not the
	// list: a disk may come later, a mode be mended. See [CompileToRun].
	Passing bool
}

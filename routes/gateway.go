package routes

import (
	"encoding/base64"
	"fmt"
	"net"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"homehook/http1"
)

// software is what programs are told of the server they run in.
const software = "Homehook"

// gateway is what CGI programs and FastCGI responders are told of each request
// beside the request itself.
type gateway struct {
	root    string   // for PATH_TRANSLATED; empty for none
	basic   bool     // the agent has checked user and password
	checked bool     // the agent has checked another thing in Authorization
	passes  bool     // hands Authorization on
	secret  []string // fields with a secret by which the agent has checked the sender
	pattern *pattern
	mount   string // the beginning of the path that the pattern fixes, without a slash at its end
	depth   int    // how many segments that has
}

// gateway notes what of a route the variables of a request depend on.
func (c *compiler) gateway(r *Route) gateway {
	g := gateway{pattern: &r.pattern, basic: r.Scheme() == "basic", checked: r.Scheme() == "bearer", secret: r.secretFields()}
	for _, s := range r.pattern.segments {
		if s.kind != literal {
			break
		}
		g.mount += "/" + s.text
		g.depth++
	}
	return g
}

// below returns the raw path behind the first segments of a path.
func below(path []byte, segments int) []byte {
	for range segments {
		_, path = firstSegment(path)
	}
	return path
}

// location is where a request goes, as a program is told.
type location struct {
	script string // SCRIPT_NAME
	info   string // PATH_INFO
}

// decoded resolves the escapes of a path for a variable. A NUL byte cannot be
// in one.
func decoded(raw []byte) (string, *fault) {
	s := decode(raw)
	if strings.IndexByte(s, 0) >= 0 {
		return "", &fault{400, "the path has a NUL byte", fmt.Errorf("the path has a NUL byte, which no variable can hold"), FailedRequest}
	}
	return s, nil
}

// variables are the meta-variables of a request (RFC 3875, section 4.1), with
// those that servers have added to them by custom.
func (g *gateway) variables(d *Delivery, at location) []http1.Field {
	r := d.Request
	_, query := r.PathQuery()
	name, port, secure := authority(r)
	list := make([]http1.Field, 0, 24+r.Len())
	set := func(name, value string) { list = append(list, http1.Field{Name: name, Value: value}) }
	set("GATEWAY_INTERFACE", "CGI/1.1")
	set("SERVER_SOFTWARE", software)
	set("SERVER_PROTOCOL", "HTTP/1."+strconv.Itoa(r.Minor))
	set("SERVER_NAME", name)
	set("SERVER_PORT", port)
	set("REQUEST_METHOD", string(r.Method))
	set("REQUEST_URI", d.Prefix+string(r.Target))
	set("QUERY_STRING", string(query))
	set("SCRIPT_NAME", at.script)
	set("REMOTE_ADDR", d.Remote)
	set("REMOTE_HOST", d.Remote) // nobody looks names up here; the address stands for it
	if at.info != "" {
		set("PATH_INFO", at.info)
	}
	if at.info != "" && g.root != "" {
		set("PATH_TRANSLATED", joined(g.root, at.info))
	}
	if secure {
		set("HTTPS", "on")
	}
	if n := r.Body.Length(); n > 0 || n == 0 && r.ContentLength() == 0 {
		set("CONTENT_LENGTH", strconv.FormatInt(n, 10))
	}
	if v, ok := r.Get("Content-Type"); ok && !r.Body.Empty() {
		set("CONTENT_TYPE", string(v))
	}
	if user, ok := basicUser(r); ok && g.basic {
		set("AUTH_TYPE", "Basic")
		set("REMOTE_USER", user)
	}
	return append(list, g.fields(r)...)
}

// dropVariable are fields that do not become HTTP_ variables: those of the
// connection, those that say what only the relay can know, and those that have
// variables of their own.
var dropVariable = http1.HopByHop | http1.KindsOf(http1.Expect, http1.Homehook, http1.PTTH)

// fields turns the fields of a request into HTTP_ variables (section 4.1.18).
// Proxy is not among them: programs take HTTP_PROXY for a setting of their own.
// Nor are names with characters other than letters, digits and hyphens, since
// two names could become one variable.
func (g *gateway) fields(r *http1.Request) (list []http1.Field) {
	at := make(map[string]int, r.Len())
	for i := range r.Len() {
		name, value, kind := r.At(i)
		v := variableOf(name)
		switch {
		case v == "" || dropVariable.Has(kind):
			continue
		case v == "HTTP_PROXY" || v == "HTTP_CONTENT_TYPE":
			continue
		case slices.ContainsFunc(g.secret, func(s string) bool { return strings.EqualFold(s, string(name)) }):
			continue // the environment of a program shows it to others
		case v == "HTTP_AUTHORIZATION" && (g.basic || g.checked || !g.passes):
			continue
		}
		if k, twice := at[v]; twice {
			between := ", "
			if v == "HTTP_COOKIE" {
				between = "; "
			}
			list[k].Value += between + string(value)
			continue
		}
		at[v] = len(list)
		list = append(list, http1.Field{Name: v, Value: string(value)})
	}
	return list
}

// variableOf returns the variable for a field, empty for a field that has none.
func variableOf(name []byte) string {
	b := make([]byte, 0, 5+len(name))
	b = append(b, "HTTP_"...)
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c == '-':
			c = '_'
		case (c < 'A' || c > 'Z') && (c < '0' || c > '9'):
			return ""
		}
		b = append(b, c)
	}
	return string(b)
}

// authority returns the host and the port of the URL that the sender used, and
// whether it is an https one.
func authority(r *http1.Request) (name, port string, secure bool) {
	proto, _ := r.Get("X-Forwarded-Proto")
	secure = string(proto) == "https"
	name, port, err := net.SplitHostPort(string(r.Host()))
	if err != nil {
		name = strings.Trim(string(r.Host()), "[]")
	}
	if name == "" || strings.Trim(name, hostChars) != "" {
		name = "localhost"
	}
	if strings.IndexByte(name, ':') >= 0 {
		name = "[" + name + "]"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		port = map[bool]string{false: "80", true: "443"}[secure]
	}
	return name, port, secure
}

// basicUser returns the user that a request names by the scheme Basic.
func basicUser(r *http1.Request) (string, bool) {
	value, _ := r.Get("Authorization")
	scheme, rest, _ := strings.Cut(string(value), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", false
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	user, _, ok := strings.Cut(string(plain), ":")
	return user, err == nil && ok && strings.IndexByte(user, 0) < 0
}

// joined puts a decoded path below a folder; what would lead out of it does not.
func joined(root, path string) string {
	return strings.TrimRight(root, "/") + cleaned(path)
}

// cleaned resolves the dots of a path, of which none is left.
func cleaned(p string) string {
	if runtime.GOOS == "windows" {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Clean("/" + p)
}

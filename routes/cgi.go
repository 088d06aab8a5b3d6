package routes

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"homehook/http1"
	"homehook/routes/process"
)

// cgi runs a CGI program for each delivery (RFC 3875).
type cgi struct {
	gateway
	program string
	name    string // SCRIPT_NAME, without what the relay took off the path
	dir     string
	spool   string
	code    *process.Code // which nobody else may be able to change
	env     []string      // what every run gets
	own     []string      // names of variables that the configuration sets
	timeout time.Duration
	output  int64
	grace   time.Duration
	linger  time.Duration

	patience time.Duration
}

var _ handler = (*cgi)(nil)

func (c *compiler) cgi(path string, s *CGISpec, r *Route) handler {
	h := &cgi{
		gateway: c.gateway(r), program: s.Program, spool: process.SpoolFolder(nil), grace: scriptGrace, linger: scriptLinger, patience: gatewayPatience,
		dir:     cmp.Or(s.Dir, filepath.Dir(s.Program)),
		timeout: cmp.Or(time.Duration(s.Timeout), scriptTimeout),
		output:  int64(cmp.Or(s.Output, gatewayOutput)),
	}
	h.root, h.passes = s.Root, s.Authorization
	removeLeft(h.spool)
	c.cgiProgram(path+".program", s.Program)
	h.name = c.cgiName(path+".name", s.Name, &h.gateway)
	if s.Timeout < 0 {
		c.report(path+".timeout", "a timeout cannot be negative", "leave it out for "+Duration(scriptTimeout).String())
	}
	if s.Output < 0 || s.Output > 1<<40 {
		c.report(path+".output", "the largest answer is between 1 byte and 1TiB", "leave it out for "+Size(gatewayOutput).String())
	}
	if s.Dir != "" {
		c.folder(path+".dir", s.Dir)
	}
	if s.Root != "" && !filepath.IsAbs(s.Root) {
		c.report(path+".root", fmt.Sprintf("absolute path needed for the folder %q", s.Root), "write the whole path")
	}
	h.code = c.custody(path+".program", []argument{{text: text{fixed: s.Program}}}, h.dir)
	h.env = c.environment(path+".env", s.Env)
	for name := range s.Env {
		if isMeta(name) {
			c.report(path+".env."+name, fmt.Sprintf("%s is set for every request", name), "use another name")
		}
		h.own = append(h.own, name)
	}
	return h
}

// isMeta reports whether a variable says something of the request.
func isMeta(name string) bool {
	return slices.Contains([]string{
		"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "REMOTE_ADDR",
		"REMOTE_HOST", "REMOTE_IDENT", "REMOTE_USER", "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT",
		"SERVER_PROTOCOL", "SERVER_SOFTWARE",
	}, strings.ToUpper(name))
}

// cgiProgram checks the program.
func (c *compiler) cgiProgram(path, name string) {
	if name == "" {
		c.report(path, "the program is missing", "write its absolute path")
		return
	}
	if strings.HasPrefix(strings.ToLower(filepath.Base(name)), "nph-") {
		c.report(path, fmt.Sprintf("the program %s is one that speaks HTTP with the sender by itself (nph), which is not available", name),
			"have it write a CGI header, and rename it")
		return
	}
	c.program(path, name)
	if c.has(path) {
		return
	}
	if isBatch(name) {
		c.report(path, "batch files take no request data, not even in variables", "use a program that is no batch file")
	} else if head, ok := firstBytes(name); ok && !canStart(head) {
		c.report(path, fmt.Sprintf("%s is neither a program of this kind of system nor a script that names its interpreter", name), "give it a first line such as #!/usr/bin/perl")
	}
}

// cgiName returns the part of the path that names the program, and notes how
// many segments it has.
func (c *compiler) cgiName(path, name string, g *gateway) string {
	if name == "" {
		return strings.TrimRight(g.mount, "/")
	}
	name = strings.TrimRight(name, "/")
	if rest, ok := strings.CutPrefix(g.mount, name); !ok || rest != "" && rest[0] != '/' || name != "" && name[0] != '/' {
		c.report(path, fmt.Sprintf("%q is not how the paths that match begin: %s", name, g.mount+"/"), "write the beginning of match")
	}
	g.depth = strings.Count(name, "/")
	return name
}

func (h *cgi) close() {}

func (h *cgi) plan(d *Delivery) Plan {
	at, why := h.place(d)
	if why != nil {
		return notPlanned(why)
	}
	return Plan{
		Command: append([]string{h.program}, searchWords(d.Request)...), Dir: h.dir,
		Note: "SCRIPT_NAME=" + at.script + " PATH_INFO=" + at.info,
	}
}

// place tells the program's name from the rest of the path.
func (h *cgi) place(d *Delivery) (location, *fault) {
	path, _ := d.Request.PathQuery()
	info, why := decoded(below(path, h.depth))
	return location{d.Prefix + h.name, info}, why
}

// variables returns the environment of one run.
func (h *cgi) variables(d *Delivery, at location, headers string) []string {
	env := slices.Clone(h.env)
	for _, v := range h.gateway.variables(d, at) {
		if !slices.Contains(h.own, v.Name) {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	if !slices.Contains(h.own, "SCRIPT_FILENAME") {
		env = append(env, "SCRIPT_FILENAME="+h.program)
	}
	return variables(env, d, headers)
}

// searchWords are the arguments of a request without a form: the words of its
// query (RFC 3875, section 4.4). A program that takes options from such a
// stranger does what it should not, so there are none at all then.
func searchWords(r *http1.Request) (words []string) {
	_, query := r.PathQuery()
	if !r.IsMethod("GET") && !r.IsMethod("HEAD") || len(query) == 0 || strings.ContainsRune(string(query), '=') {
		return nil
	}
	for word := range strings.SplitSeq(string(query), "+") {
		word = decode([]byte(word))
		if word == "" || word[0] == '-' || strings.IndexByte(word, 0) >= 0 {
			return nil
		}
		words = append(words, word)
	}
	return words
}

// maxLocal is how often a request may go on within this server.
const maxLocal = 5

func (h *cgi) serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result {
	return redirecting(d, x, &h.gateway, FailedScript, func(d *Delivery) (Result, string) { return h.run(ctx, d, x) })
}

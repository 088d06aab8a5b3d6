package routes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"homehook/http1"
	"homehook/routes/fastcgi"
)

// fastCGITimeout is how long the head of an answer may take unless a route says
// otherwise.
const fastCGITimeout = time.Minute

// fastCGI sends deliveries to a FastCGI responder.
type fastCGI struct {
	gateway
	network, address string
	pool             *fastcgi.Pool
	index            string
	split            string
	script           string
	env              []fastcgi.Param
	timeout          time.Duration
}

var _ handler = (*fastCGI)(nil)

func (c *compiler) fastcgi(path string, s *FastCGISpec, r *Route) handler {
	h := &fastCGI{
		gateway: c.gateway(r), script: strings.TrimLeft(s.Script, "/"),
		index:   cmp.Or(s.Index, "index.php"),
		split:   cmp.Or(s.Split, ".php"),
		timeout: cmp.Or(time.Duration(s.Timeout), fastCGITimeout),
	}
	h.passes, h.root = true, strings.TrimRight(s.Root, "/")
	var err error
	if h.network, h.address, err = parseResponder(s.To); err != nil {
		c.report(path+".to", err.Error(), remedyOf(err))
	}
	if s.Timeout < 0 {
		c.report(path+".timeout", "a timeout cannot be negative", "leave it out for "+Duration(fastCGITimeout).String())
	}
	if s.Root != "" && !strings.HasPrefix(s.Root, "/") && !filepath.IsAbs(s.Root) {
		c.report(path+".root", fmt.Sprintf("absolute path needed for the folder %q", s.Root), "write the whole path, as the responder sees it")
	}
	c.fastCGIScripts(path, s)
	h.env = c.parameters(path+".env", s.Env)
	h.pool = fastcgi.NewPool(h.network, h.address, net.Dialer{Timeout: dialTimeout, Control: guard}, s.Reuse)
	return h
}

// fastCGIScripts checks how scripts are found.
func (c *compiler) fastCGIScripts(path string, s *FastCGISpec) {
	for _, k := range []struct{ key, value string }{{"index", s.Index}, {"split", s.Split}, {"script", s.Script}} {
		at := path + "." + k.key
		switch {
		case k.value == "":
		case s.Root == "":
			c.report(at, fmt.Sprintf("%s says nothing without root", k.key), "name the folder of the scripts under root")
		case k.key != "script" && s.Script != "":
			c.report(at, fmt.Sprintf("%s says nothing beside script", k.key), "leave one out")
		case strings.ContainsAny(k.value, "\x00?#") || strings.Contains("/"+k.value+"/", "/../"):
			c.report(at, fmt.Sprintf("%q is no name of a script", k.value), "write it as below root, without ..")
		case k.key == "index" && !strings.HasSuffix(k.value, cmp.Or(s.Split, ".php")):
			c.report(at, fmt.Sprintf("the name %q does not end with %s", k.value, cmp.Or(s.Split, ".php")), "say under split how names of scripts end")
		}
	}
}

// parameters checks the configured parameters.
func (c *compiler) parameters(path string, set map[string]string) (list []fastcgi.Param) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		at := path + "." + name
		switch {
		case !c.variable(path, name, "request"):
		case isMeta(name):
			c.report(at, fmt.Sprintf("%s is set for every request", name), "use another name")
		case strings.IndexByte(set[name], 0) >= 0:
			c.report(at, fmt.Sprintf("the value of %s has a NUL byte", name), "leave the byte out")
		}
		list = append(list, fastcgi.Param{Name: name, Value: set[name]})
	}
	return list
}

const exampleResponder = "write it like 127.0.0.1:9000 or unix:/run/php/php-fpm.sock"

// parseResponder reads where a responder listens.
func parseResponder(to string) (network, address string, err error) {
	if path, ok := strings.CutPrefix(to, "unix:"); ok {
		if path = filepath.FromSlash(path); !filepath.IsAbs(path) {
			return "", "", mistaken(exampleResponder, "the target %q cannot be used: the path of a socket is absolute", shownAddress(to))
		}
		return "unix", path, nil
	}
	if to == "" {
		return "", "", mistaken(exampleResponder, "the target is missing")
	}
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		return "", "", mistaken(exampleResponder, "the target %q cannot be used: it is no host with a port", shownAddress(to))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", mistaken("write a number from 1 to 65535", "the target %q cannot be used: what it ends with is not a port", shownAddress(to))
	}
	if err := checkHost(host); err != nil {
		return "", "", mistaken(cmp.Or(remedyOf(err), exampleResponder), "the target %q cannot be used: %s", shownAddress(to), err)
	}
	return "tcp", joinHostPort(host, port), nil
}

func (h *fastCGI) close() { h.pool.Close() }

func (h *fastCGI) plan(d *Delivery) Plan {
	p := Plan{Method: string(d.Request.Method), URL: "fastcgi://" + h.address}
	if h.network == "unix" {
		p.URL = "fastcgi:unix:" + h.address
	}
	at, file, why := h.place(d)
	if why != nil {
		return notPlanned(why)
	}
	if p.Note = "SCRIPT_NAME=" + at.script; file != "" {
		p.Note = "SCRIPT_FILENAME=" + file
	}
	return p
}

// place finds the script that a path names, and its file.
func (h *fastCGI) place(d *Delivery) (at location, file string, why *fault) {
	raw, _ := d.Request.PathQuery()
	if h.root == "" {
		info, why := decoded(below(raw, h.depth))
		return location{d.Prefix + h.mount, info}, "", why
	}
	path, why := decoded(raw)
	if why != nil {
		return at, "", why
	}
	if h.script != "" {
		return location{d.Prefix + "/" + h.script, path}, h.root + "/" + h.script, nil
	}
	end := scriptEnd(path, h.split)
	if end < 0 && strings.HasSuffix(path, "/") {
		path += h.index
		end = len(path)
	}
	if end < 0 || hasDots(path[:end]) {
		return at, "", &fault{404, "there is no such script here", fmt.Errorf("the path %.200q names no script", path), FailedRequest}
	}
	return location{d.Prefix + path[:end], path[end:]}, h.root + path[:end], nil
}

// scriptEnd returns where the name of a script ends in a path: behind the first
// segment that ends as scripts do; -1 when there is none. That what follows is
// not looked at for another keeps a file that a stranger has uploaded from being
// taken for one.
func scriptEnd(path, split string) int {
	for from := 0; ; {
		i := strings.Index(path[from:], split)
		if i < 0 {
			return -1
		}
		if from += i + len(split); from == len(path) || path[from] == '/' {
			return from
		}
	}
}

// hasDots reports whether a path has segments that lead elsewhere.
func hasDots(path string) bool {
	path = strings.ReplaceAll(path, `\`, "/") + "/"
	return strings.Contains(path, "/../") || strings.Contains(path, "/./")
}

// params are what the responder gets of a delivery beside its body.
func (h *fastCGI) params(d *Delivery, at location, file string) []fastcgi.Param {
	vars := h.variables(d, at)
	list := make([]fastcgi.Param, 0, len(vars)+8+len(h.env))
	for _, v := range vars {
		list = append(list, fastcgi.Param(v))
	}
	if file != "" {
		list = append(list, fastcgi.Param{Name: "SCRIPT_FILENAME", Value: file}, fastcgi.Param{Name: "DOCUMENT_ROOT", Value: h.root})
	}
	list = append(list,
		fastcgi.Param{Name: "REDIRECT_STATUS", Value: "200"}, // php-cgi runs nothing without
		fastcgi.Param{Name: "HOMEHOOK_DELIVERY", Value: d.ID},
		fastcgi.Param{Name: "HOMEHOOK_CLAIM", Value: d.Claim},
		fastcgi.Param{Name: "HOMEHOOK_ROUTE", Value: d.Route},
		fastcgi.Param{Name: "HOMEHOOK_ATTEMPT", Value: strconv.Itoa(max(d.Attempt, 1))},
	)
	list = slices.DeleteFunc(list, func(p fastcgi.Param) bool {
		return slices.ContainsFunc(h.env, func(own fastcgi.Param) bool { return own.Name == p.Name })
	})
	return append(list, h.env...)
}

func (h *fastCGI) serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result {
	return redirecting(d, x, &h.gateway, FailedUnreachable, func(d *Delivery) (Result, string) { return h.run(ctx, d, x) })
}

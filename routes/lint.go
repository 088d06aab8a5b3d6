package routes

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Lint returns what is risky about routes. Each of its problems is a warning: the
// routes may be used as they are, if they compile. It reads the scripts that they
// name, and never repeats a value that may be a secret.
func Lint(specs []Spec) []Problem {
	l := &linter{signs: lintSigns(), read: map[string]bool{}}
	for i := range specs {
		s, path := &specs[i], fmt.Sprintf("[%d]", i)
		main := s.main()
		l.match(path+".match", s)
		l.condition(path+".when", s.When)
		l.templates(path, s)
		l.handler(path, &main)
		for j := range s.Also {
			l.handler(fmt.Sprintf("%s.also[%d]", path, j), &s.Also[j])
		}
		if s.Respond != nil {
			l.respond(path+".respond", s.Respond)
		}
		l.challenged(path, s)
	}
	return l.warnings
}

// linter collects warnings.
type linter struct {
	*signs
	warnings []Problem
	read     map[string]bool // scripts, with what runs them
}

func (l *linter) warn(path, message, remedy string) {
	l.warnings = append(l.warnings, Problem{Path: path, Message: message, Remedy: remedy})
}

func (l *linter) handler(path string, h *HandlerSpec) {
	if h.Script != nil {
		l.script(path+".script", h.Script)
	}
	if f := h.Forward; f != nil {
		l.secrets(path+".forward.headers", f.Headers)
		if f.TLS != nil && f.TLS.Insecure {
			l.warn(path+".forward.tls.insecure", "any certificate is taken, so that whoever is between may read and change what is sent", "name the certificate's root with ca:")
		}
	}
	if h.CGI != nil {
		l.secrets(path+".cgi.env", h.CGI.Env)
		l.searchPath(path+".cgi.env", h.CGI.Env)
		l.file(path+".cgi.program", h.CGI.Program, "")
	}
	if h.FastCGI != nil {
		l.secrets(path+".fastcgi.env", h.FastCGI.Env)
	}
}

func (l *linter) script(path string, s *ScriptSpec) {
	l.secrets(path+".env", s.Env)
	l.secrets(path+".headers", s.Headers)
	l.searchPath(path+".env", s.Env)
	if s.User == "root" {
		l.warn(path+".user", "the script runs as root", "use a user that may do no more than the script needs")
	}
	if len(s.Command) == 0 {
		return
	}
	l.arguments(path+".command", s.Command)
	name := programName(s.Command[0])
	p, known := programs()[name]
	l.file(path+".command[0]", s.Command[0], "")
	for i, arg := range s.Command[1:] {
		at := fmt.Sprintf("%s.command[%d]", path, i+1)
		if known && p.kind == shellText && i == 0 && p.announcesCode(arg) {
			l.warn(at, "the command is code for a shell", "put it into a file that begins with #!/bin/sh, and name that")
		}
		if known && p.kind < filterText && filepath.IsAbs(arg) {
			l.file(at, arg, name)
			break
		}
	}
}

// arguments looks at a command as it is written.
func (l *linter) arguments(path string, command []string) {
	if programName(command[0]) == "rm" && slices.ContainsFunc(command[1:], isRecursive) && slices.ContainsFunc(command[1:], hasValue) {
		l.warn(path, "rm takes whole folders away, and a value of the delivery says which", "take files away one by one, below a folder that is written out")
	}
	for i, arg := range command[1:] {
		at := fmt.Sprintf("%s[%d]", path, i+1)
		name, value, with := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case l.secretValue.MatchString(arg), with && l.secretName.MatchString(name) && isInline(value):
			l.warn(at, "the argument looks like a secret: other users of this machine see the arguments of programs", "have the program read it from a file that only its user can read")
		case l.runsValue.MatchString(arg) && hasValue(arg), l.runsNext.MatchString(command[i]) && strings.HasPrefix(arg, "{") && hasValue(arg):
			l.warn(at, "a value of the delivery stands where the program takes a command", "write the command out, and hand the value over in another way")
		case l.pipedToShell.MatchString(arg):
			l.warn(at, "what comes from the network is run by a shell", "fetch it once, look at it, and run the file")
		}
	}
}

func isRecursive(arg string) bool {
	return strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.ContainsAny(arg, "rR") || arg == "--recursive"
}

func (l *linter) secrets(path string, set map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if value := set[name]; l.secretValue.MatchString(value) || l.secretName.MatchString(name) && !strings.HasSuffix(strings.ToUpper(name), "_FILE") && isInline(value) {
			l.warn(path+"."+name, "the value of "+name+" looks like a secret, which whoever reads this file has", "have the program read it from a file that only its user can read, and give it the path")
		}
	}
}

// searchPath looks for folders in which others could put programs.
func (l *linter) searchPath(path string, env map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !strings.EqualFold(name, "PATH") {
			continue
		}
		for _, dir := range filepath.SplitList(env[name]) {
			info, err := os.Stat(dir)
			switch {
			case !filepath.IsAbs(dir):
				l.warn(path+"."+name, fmt.Sprintf("the folder %q in PATH depends on where the script runs", dir), "write whole paths only")
			case err == nil && isOpenToOthers(info):
				l.warn(path+"."+name, fmt.Sprintf("other users can change the folder %s, which is in PATH", dir), "leave it out, or chmod go-w "+dir)
			}
		}
	}
}

func (l *linter) respond(path string, s *RespondSpec) {
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		value := s.Headers[name]
		switch {
		case strings.EqualFold(name, "Content-Type") && strings.Contains(strings.ToLower(value), "html") && hasValue(s.Body):
			l.warn(path+".body", "values of the delivery are in a page of HTML, where they may be code", "answer with text/plain or application/json")
		case strings.EqualFold(name, "Location") && strings.HasPrefix(value, "{") && hasValue(value):
			l.warn(path+".headers."+name, "a value of the delivery says where the sender is sent to", "begin it with the address of a site that is yours")
		}
	}
	l.secrets(path+".headers", s.Headers)
}

// challenged warns where a sender asks with another method than the route takes.
func (l *linter) challenged(path string, s *Spec) {
	if s.Verify == nil || s.Verify.Scheme != "meta" && s.Verify.Scheme != "dropbox" {
		return
	}
	if method, _, with := strings.Cut(s.Match, " "); with && method != "GET" {
		l.warn(path+".match", fmt.Sprintf("%s asks with GET whether the address is yours, and the route takes only %s", s.Verify.Scheme, method), "leave the method out")
	}
}

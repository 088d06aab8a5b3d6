package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scriptTemplates are what a script gets that is made for each delivery.
type scriptTemplates struct {
	arguments []argument // by their place in the command
	env       []argument
	files     []argument
	fields    []header // of the answer
}

// templates compiles the templates of a script and puts what is fixed of them in
// its place. With none there is nothing to do for a delivery. It returns the
// arguments.
func (c *compiler) templates(path string, s *ScriptSpec, to *scripter, r *Route) []argument {
	t := &scriptTemplates{fields: c.checkHeaders(path+".headers", s.Headers, r)}
	to.command = slices.Clone(s.Command)
	any := len(s.Files)+len(t.fields) > 0
	for i, arg := range s.Command {
		a := argument{text: text{fixed: arg}, source: arg}
		if i > 0 {
			a.text = c.text(fmt.Sprintf("%s.command[%d]", path, i), arg, r)
			a.begins = a.template != nil && a.template.BeginsWithValue()
			to.command[i] = a.fixed
		}
		if a.template != nil {
			to.command[i], any = arg, true
		}
		t.arguments = append(t.arguments, a)
	}
	t.env = c.templatesOf(path+".env", s.Env, to, r)
	t.files = c.fileTemplates(path+".files", s, r)
	if any = any || len(t.env) > 0; any {
		to.templates = t
	}
	c.steering(path, s, t)
	c.interpreted(path+".command", s.Command, t.arguments)
	return t.arguments
}

// templatesOf returns the variables whose values are templates, and writes the
// others in full into the environment that every run gets.
func (c *compiler) templatesOf(path string, set map[string]string, to *scripter, r *Route) (list []argument) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		x := c.text(path+"."+name, set[name], r)
		at := slices.Index(to.env, name+"="+set[name])
		switch {
		case at < 0:
		case x.template == nil:
			to.env[at] = name + "=" + x.fixed
		default:
			to.env = slices.Delete(to.env, at, at+1)
			list = append(list, argument{text: x, name: name})
		}
	}
	return list
}

// fileTemplates checks the variables that name files with values.
func (c *compiler) fileTemplates(path string, s *ScriptSpec, r *Route) (list []argument) {
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		at := path + "." + name
		c.variable(path, name, "script")
		for other := range s.Env {
			if sameVariable(name, other) {
				c.report(at, fmt.Sprintf("the variable %s is under env too", name), "keep one")
			}
		}
		list = append(list, argument{text: c.text(at, s.Files[name], r), name: name})
	}
	return list
}

// steers are variables by which interpreters, shells and loaders find code, and
// the beginnings of such.
var (
	steers = []string{
		"PATH", "PATHEXT", "COMSPEC", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "ZDOTDIR", "FPATH", "CDPATH",
		"PERL5LIB", "PERL5OPT", "PERL5DB", "PERLLIB", "RUBYOPT", "RUBYLIB", "GEM_PATH", "GEM_HOME", "PHPRC", "PHP_INI_SCAN_DIR",
		"NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "LUA_INIT", "LUA_PATH", "LUA_CPATH",
		"EDITOR", "VISUAL", "PAGER", "BROWSER", "SHELL", "MAKEFLAGS", "MAKEFILES", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "CGI_HTTP_PROXY",
		"SSLKEYLOGFILE", "OPENSSL_CONF", "GCONV_PATH", "TMPDIR", "TEMP", "TMP", "HOME", "PSMODULEPATH",
		"VIMINIT", "EXINIT", "MYVIMRC", "VIMRUNTIME", "LESS", "LESSOPEN", "LESSCLOSE", "MANPAGER", "PSQLRC", "PSQL_PAGER", "PSQL_EDITOR", "TAR_OPTIONS", "RSYNC_RSH",
		"SUDO_ASKPASS", "SUDO_EDITOR", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "RUSTC_WRAPPER", "GOFLAGS", "GRADLE_OPTS", "MAVEN_OPTS", "ELIXIR_ERL_OPTIONS",
		"TCLLIBPATH", "AWKPATH", "AWKLIBPATH", "M4PATH", "KUBECONFIG", "AWS_CONFIG_FILE", "GLIBC_TUNABLES", "INPUTRC", "CURL_HOME", "WGETRC", "GNUPGHOME",
	}
	steeringPrefixes = []string{"LD_", "DYLD_", "PYTHON", "GIT_", "SSH_", "BASH_FUNC", "LUA_INIT", "DOTNET_", "CORECLR_", "NPM_CONFIG_", "R_", "ERL_", "JULIA_", "CARGO_", "DOCKER_", "ANSIBLE_"}
)

// steering refuses values of a delivery in variables that choose what code runs.
func (c *compiler) steering(path string, s *ScriptSpec, t *scriptTemplates) {
	for _, v := range t.env {
		if steersCode(v.name) {
			c.report(path+".env."+v.name, fmt.Sprintf("the variable %s steers which code runs, so nothing of a request may be in it", v.name), "use a name of your own")
		} else if len(s.Command) > 0 && isBatch(s.Command[0]) {
			c.report(path+".env."+v.name, "batch files take no request data in variables: they read %"+v.name+"% as part of their text", "use files, or a program that is no batch file")
		}
	}
}

func steersCode(variable string) bool {
	upper := strings.ToUpper(variable)
	return slices.Contains(steers, upper) || slices.ContainsFunc(steeringPrefixes, func(p string) bool { return strings.HasPrefix(upper, p) })
}

package routes

import (
	"strings"
	"sync"
)

// syntax is how the command line of a program is read that takes code from
// there, or the name of a file with code, or another command. Options are read
// as getopt does: letters in a row, the value of the last one behind it or in the
// next argument.
type syntax struct {
	code   string   // letters of options whose value is code
	words  []string // long options likewise
	from   string   // letters of options whose value says where code is
	value  string   // letters of options with another value
	values []string // long options with a value, likewise
	data   string   // letters of options with a value that is data
	kind   int      // what the first operand is

	skip   int  // operands before it
	assign bool // NAME=value may stand before it
	both   bool // it is that even if there was code in an option
}

// What the first operand of a program is.
const (
	scriptFile     = iota // a file with code; without one, standard input is the code
	shellText             // as scriptFile, but code itself behind an option for that
	filterText            // code, unless there was some in an option
	anotherProgram        // a program, whose arguments follow
)

// programs are those of which that is known, by their names without a version.
var programs = sync.OnceValue(func() map[string]syntax {
	var (
		shell    = syntax{code: "c", value: "oO", values: []string{"rcfile", "init-file"}, kind: shellText}
		python   = syntax{code: "c", from: "m", value: "WX"}
		node     = syntax{code: "ep", words: []string{"eval", "print"}, value: "rC", values: []string{"require", "import", "loader", "experimental-loader", "env-file"}}
		awk      = syntax{code: "e", words: []string{"source"}, from: "fE", value: "FilW", data: "v", kind: filterText}
		sed      = syntax{code: "e", words: []string{"expression"}, from: "f", value: "l", kind: filterText}
		octave   = syntax{words: []string{"eval"}, value: "p", values: []string{"path", "exec-path", "image-path"}, both: true}
		launcher = syntax{kind: anotherProgram}
	)
	return map[string]syntax{
		"sh": shell, "bash": shell, "dash": shell, "ash": shell, "zsh": shell, "ksh": shell, "mksh": shell, "fish": shell,
		"csh": shell, "tcsh": shell, "rbash": shell, "yash": shell, "elvish": shell,
		"python": python, "pythonw": python, "pypy": python, "node": node, "nodejs": node, "awk": awk, "gawk": awk, "mawk": awk, "nawk": awk,
		"sed": sed, "gsed": sed, "tclsh": {}, "wish": {},
		"bun":     {code: "ep", words: []string{"eval", "print"}, value: "rc", values: []string{"preload", "require"}},
		"perl":    {code: "eE", value: "IMm"},
		"ruby":    {code: "e", value: "CIr"},
		"php":     {code: "rBRE", words: []string{"run", "process-begin", "process-code", "process-end"}, from: "fF", value: "cdz", values: []string{"define", "php-ini"}},
		"lua":     {code: "e", value: "l"},
		"luajit":  {code: "e", value: "lj"},
		"rscript": {code: "e"},
		"julia":   {code: "eE", words: []string{"eval", "print"}, value: "L", values: []string{"load"}},
		"expect":  {code: "c"},
		"guile":   {code: "c", from: "s", value: "lLex"},
		"elixir":  {code: "e", words: []string{"eval"}, value: "r"},
		"raku":    {code: "e", value: "IM"},
		"deno":    {words: []string{"eval"}, value: "cL", values: []string{"config", "import-map", "cert", "log-level", "ext", "location"}, skip: 1},
		"octave":  octave, "octave-cli": octave, "dc": {code: "e", words: []string{"expression"}, from: "f", both: true},

		"env":  {code: "S", words: []string{"split-string"}, value: "uC", values: []string{"unset", "chdir"}, kind: anotherProgram, assign: true},
		"sudo": {value: "ugpCrtTUDhR", values: []string{"user", "group", "prompt", "chdir", "host"}, kind: anotherProgram, assign: true},
		"doas": {value: "uC", kind: anotherProgram}, "gosu": {kind: anotherProgram, skip: 1}, "su-exec": {kind: anotherProgram, skip: 1}, "chroot": {kind: anotherProgram, skip: 1},
		"nice": {value: "n", values: []string{"adjustment"}, kind: anotherProgram}, "ionice": {value: "cnp", kind: anotherProgram},
		"timeout": {value: "ks", values: []string{"kill-after", "signal"}, kind: anotherProgram, skip: 1},
		"chrt":    {value: "TPD", kind: anotherProgram, skip: 1}, "taskset": {kind: anotherProgram, skip: 1},
		"flock": {code: "c", words: []string{"command"}, value: "wE", kind: anotherProgram, skip: 1},
		"xargs": {value: "aEILnPsd", kind: anotherProgram}, "stdbuf": {value: "ioe", kind: anotherProgram}, "time": {value: "fo", kind: anotherProgram},
		"strace": {value: "abeEIoOpPsSuUX", kind: anotherProgram}, "systemd-run": {value: "HMuptE", kind: anotherProgram}, "caffeinate": {value: "tw", kind: anotherProgram},
		"nohup": launcher, "setsid": launcher, "setpriv": launcher, "unbuffer": launcher, "busybox": launcher, "toybox": launcher, "winpty": launcher,
		"tini": launcher, "dumb-init": launcher, "dbus-run-session": launcher, "arch": launcher, "unshare": launcher,
		"prlimit": {value: "po", values: []string{"pid", "output"}, kind: anotherProgram}, "numactl": {value: "CNmpilP", kind: anotherProgram}, "faketime": {kind: anotherProgram, skip: 1},
		"nsenter": {value: "tSG", values: []string{"target", "setuid", "setgid"}, kind: anotherProgram}, "choom": {value: "np", kind: anotherProgram},
		"chronic": launcher, "systemd-cat": launcher, "systemd-inhibit": launcher, "torsocks": launcher, "torify": launcher, "proxychains": launcher, "setarch": {kind: anotherProgram, skip: 1},
		"fakeroot": launcher, "eatmydata": launcher, "rlwrap": launcher, "valgrind": launcher, "ltrace": {value: "aAeFlnopsuwxX", kind: anotherProgram},
	}
})

// shellish says how a program has its arguments read as commands, wherever they
// stand; empty for one that does not.
func shellish(name string) string {
	switch name {
	case "cmd":
		return "reads its arguments as commands"
	case "ssh":
		return "has a shell at the other end read its arguments"
	case "su", "runuser", "watch", "script", "parallel":
		return "has a shell read its arguments"
	case "make", "gmake":
		return "has a shell read what its arguments set"
	case "tmux", "screen":
		return "has a shell read its arguments"
	case "socat":
		return "reads its arguments as addresses, some of which run programs,"
	case "sqlite", "duckdb", "m4", "gnuplot":
		return "reads its arguments as code that can run programs"
	case "osascript", "mshta", "wscript":
		return "reads its arguments as a script"
	}
	return ""
}

// isPowerShell reports whether all arguments are code unless one says that a file
// follows.
func isPowerShell(name string) bool { return name == "pwsh" || name == "powershell" }

// programName is what a program is called, without its folder, its version and
// what Windows puts at its end: python for /usr/bin/python3.11. The digit of m4
// is no version: without it, a program of the user's called m would pass for m4.
func programName(path string) string {
	name := strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
	name = strings.TrimSuffix(strings.TrimRight(name, ". "), ".exe")
	short := strings.TrimRight(name, "0123456789.-")
	switch {
	case short == "":
		return name
	case short == "m" && strings.HasPrefix(name, "m4"):
		return "m4"
	}
	return short
}

// isBatch reports whether Windows would hand a file to its command processor,
// however its name is written there.
func isBatch(path string) bool {
	name := strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
	name, _, _ = strings.Cut(name, ":") // a stream, such as ::$DATA
	name = strings.TrimRight(name, ". ")
	return strings.HasSuffix(name, ".bat") || strings.HasSuffix(name, ".cmd")
}

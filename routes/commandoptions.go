package routes

import (
	"slices"
	"strings"
	"sync"
)

// commandOptions are the options of programs that do something else than run code,
// whose values are commands or name files with some. "+" stands for arguments
// that begin so.
var commandOptions = sync.OnceValue(func() map[string][]string {
	vim := []string{"+", "-c", "--cmd", "-S", "-s", "-u", "-U", "-i"}
	gdb := []string{"-ex", "--ex", "-iex", "--iex", "-x", "--command", "-ix", "--init-command", "-eval-command", "--eval-command", "-init-eval-command", "--init-eval-command"}
	tar := []string{"--checkpoint-action", "--to-command", "--use-compress-program", "--rsh-command", "--rmt-command", "--info-script", "--new-volume-script", "-I", "-F"}
	sql := []string{"-e", "--execute", "--init-command", "--pager"}
	copies := []string{"-o", "-S", "-F", "-J", "-D"}
	netcat := []string{"-c", "--sh-exec", "-e", "--exec", "--lua-exec"}
	eval := []string{"-e", "--eval"}
	nix := []string{"-E", "--expr", "--run", "--command"}
	pager := []string{"+", "-k", "--lesskey-file", "--lesskey-src", "--lesskey-content"}
	return map[string][]string{
		"vim": vim, "vi": vim, "nvim": vim, "ex": vim, "view": vim, "gvim": vim, "vimdiff": vim,
		"gdb": gdb, "lldb": {"-o", "--one-line", "-O", "--one-line-before-file", "-s", "--source", "-S", "--source-before-file", "-k", "-K"},
		"tar": tar, "gtar": tar, "bsdtar": {"--use-compress-program"},
		"psql":  {"-c", "--command", "-f", "--file"},
		"mysql": sql, "mariadb": sql,
		"git": {
			"-c", "--config-env", "--exec-path", "--upload-pack", "--receive-pack", "--exec", "-x", "--extcmd",
			"--open-files-in-pager", "-O", "foreach", "--tree-filter", "--index-filter", "--msg-filter", "--env-filter",
		},
		"rsync": {"-e", "--rsh", "--rsync-path"}, "scp": copies, "sftp": copies,
		"find":  {"-exec", "-execdir", "-ok", "-okdir"},
		"emacs": {"--eval", "-eval", "--execute", "-execute", "-f", "--funcall", "-l", "--load", "--script", "-script"},
		"less":  pager, "man": {"-P", "--pager", "-C", "--config-file"},
		"nmap": {"--script", "--script-args"}, "zip": {"-TT", "--unzip-command"}, "curl": {"-K", "--config"}, "wget": {"-e", "--execute", "--config", "--use-askpass"},
		"nc": netcat, "nc.traditional": netcat, "ncat": netcat, "netcat": netcat, "split": {"--filter"}, "sort": {"--compress-program"}, "tcpdump": {"-z"},
		"r": {"-e", "-f", "--file"}, "mongosh": {"--eval", "-f", "--file"}, "mongo": {"--eval"}, "groovy": {"-e"}, "scala": {"-e"}, "swift": {"-e"}, "ocaml": {"-e"}, "runghc": {"-e"}, "ghc": {"-e"},
		"clojure": eval, "clj": eval, "racket": eval, "mix": eval, "sbcl": {"--eval", "--load", "--script"}, "erl": {"-eval", "-run", "-s"},
		"nix": nix, "nix-build": nix, "nix-shell": nix, "nix-instantiate": nix,
	}
})

// inertGit are settings of git that run nothing.
var inertGit = []string{"user.name=", "user.email=", "commit.gpgsign=", "http.useragent="}

// codeInOption looks for values of a delivery in options that take a command.
func codeInOption(name string, args []argument, from int) (at int, wrong error) {
	options := commandOptions()[name]
	if options == nil {
		return 0, nil
	}
	for i := from + 1; i < len(args); i++ {
		if args[i].template == nil {
			if args[i].fixed == "--" {
				return 0, nil
			}
			continue
		}
		lead, _, _ := strings.Cut(args[i].source, "{")
		if slices.ContainsFunc(options, func(o string) bool {
			return isOptionWith(o, lead) || i > from+1 && args[i-1].template == nil && asksFor(o, args[i-1].fixed) && !(o == "-c" && isInertGit(name, lead))
		}) {
			return i, mistaken(useInput, "%s would run what the expression comes to, or what it names", name)
		}
	}
	return 0, nil
}

func isInertGit(name, lead string) bool {
	return name == "git" && slices.ContainsFunc(inertGit, func(s string) bool { return strings.HasPrefix(strings.ToLower(lead), s) })
}

// isOptionWith reports whether an argument that begins with lead, followed by a
// value, is the option with that for its value. Long options may be cut short.
func isOptionWith(option, lead string) bool {
	name, _, with := strings.Cut(lead, "=")
	switch {
	case option == "+":
		return lead == "" || strings.HasPrefix(lead, "+")
	case isLetter(option):
		return strings.HasPrefix(lead, option)
	}
	return with && asksFor(option, name)
}

// asksFor reports whether an argument is the option, whose value follows. Options
// of one letter may stand behind others.
func asksFor(option, arg string) bool {
	switch {
	case isLetter(option):
		return len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && arg[len(arg)-1] == option[1]
	case strings.HasPrefix(option, "--") && len(arg) > 3:
		return strings.HasPrefix(option, arg)
	}
	return arg == option
}

func isLetter(option string) bool { return len(option) == 2 && option[0] == '-' }

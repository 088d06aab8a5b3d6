package routes

import (
	"path/filepath"
	"regexp"
	"slices"
	"sync"
)

// signs are what risky things are known by.
type signs struct {
	// Options by which programs such as tar, git, rsync, curl and ssh run commands.
	runsValue, runsNext *regexp.Regexp

	secretName, secretValue *regexp.Regexp // what secrets are called, and look like

	// secretMember is the last name of what is compared with a secret. Others are
	// about one: token_type.
	secretMember *regexp.Regexp

	pipedToShell *regexp.Regexp

	// taken are the variables of a shell script that hold text of a delivery, up to
	// what a brace closes.
	taken *regexp.Regexp

	risks []risk
}

// risk is what a line of a script may have that is risky with text of strangers.
type risk struct {
	in              string // names of interpreters, with spaces around each
	found           *regexp.Regexp
	message, remedy string
}

const shells = " sh bash dash ash zsh ksh mksh "

// lintSigns makes the signs when routes are first looked at: an agent that runs
// has no use for them.
var lintSigns = sync.OnceValue(func() *signs {
	re := regexp.MustCompile
	piped := re(`\b(curl|wget|fetch)\b[^|;&]*\|\s*(sudo\s+)?(env\s+)?(/\S*/)?(ba|da|z|k)?sh\b`)
	return &signs{
		runsValue:    re(`(?i)^--?[\w-]*(exec|command|cmd|rsh|hook|pager|editor|upload-pack|receive-pack|compress-program|eval)=|=exec=|(ProxyCommand|sshCommand|alias\.[\w-]+)\s*=`),
		runsNext:     re(`(?i)^--?(exec|execdir|command|cmd|rsh|to-command|eval)$`),
		secretName:   re(`(?i)(token|secret|passw|passphrase|api[-_]?key|access[-_]?key|private[-_]?key|credential|^authorization$|^cookie$)`),
		secretValue:  re(`gh[pousr]_\w{20}|github_pat_\w{20}|glpat-[\w-]{16}|[sr]k_live_\w{10}|whsec_[\w+/=]{16}|xox[abprs]-[\w-]{10}|AKIA[0-9A-Z]{16}|AIza[\w-]{30}|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.`),
		secretMember: re(`(?i)(token|secret|passw(or)?d|passphrase|^pass|^pwd|^auth|(api|access|auth|private|secret|^)[-_]?key|credentials?|^authorization|^cookie)$`),
		pipedToShell: piped,
		taken:        re(`^\$(\{(HOMEHOOK_(METHOD|PATH|QUERY|HEADERS_FILE|ROUTE|CLAIM)\b|[1-9@*])|HOMEHOOK_(METHOD|PATH|QUERY|HEADERS_FILE|ROUTE|CLAIM)\b|[1-9@*])`),
		risks: []risk{
			{shells, piped, "what comes from the network is run by a shell", "fetch it once, look at it, and run the file"},
			{shells, re(`(^|[;&|(]\s*|\b(then|do|else)\s+|^\s+)eval\b`), "eval runs text as commands", "call programs with quoted values instead"},
			{shells, re(`(^|[;&|(\s])rm\s+(-\S+\s+)*-\S*[rR]\S*\s.*\$`), "rm takes whole folders away, and a variable says which", `begin the path with a folder that is written out, and use "${NAME:?}"`},
			{shells, re(`\b(ba|da|z|k)?sh\s+-\w*c\s+"[^"]*\$`), "a shell is given code with a variable in it", `write sh -c '… "$1"' sh "$VALUE"`},
			{" python pypy ", re(`\bos\.(system|popen)\(|shell\s*=\s*True|\beval\(|\bexec\(`), "it runs text as commands or code", "use subprocess.run with a list"},
			{" node nodejs bun ", re(`\bexec(Sync)?\(|shell:\s*true|\beval\(|new Function\(`), "it runs text as commands or code", "use execFile with a list"},
			{" perl ", re("`[^`]*\\$|\\b(system|exec)\\s*\\(?\\s*\"[^\"]*\\$|\\beval\\s+[\"$]|\\bqx\\W"), "it runs text as commands or code", "use system with a list"},
			{" ruby ", re("`[^`]*#\\{|\\b(system|exec)\\s*\\(?\\s*\"[^\"]*#\\{|\\beval\\b"), "it runs text as commands or code", "use system with a list"},
			{" php ", re(`\b(eval|shell_exec|passthru|popen|proc_open)\s*\(|\b(system|exec)\s*\([^)]*\$`), "it runs text as commands or code", "use proc_open with an array"},
			{" batch ", re(`(?i)[%!]HOMEHOOK_(PATH|QUERY|METHOD|ROUTE)[%!:]`), "the command processor reads what is in that variable as part of the line", "use a program that is no batch file"},
		},
	}
})

// hasValue reports whether an expression begins in a text.
func hasValue(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '{' {
			continue
		}
		if next := text[i+1]; next == '{' {
			i++
		} else if next|0x20-'a' < 26 {
			return true
		}
	}
	return false
}

// isInline reports whether a value is written out, and not a path or a template.
func isInline(value string) bool {
	return value != "" && !filepath.IsAbs(value) && !hasValue(value) && !slices.Contains([]string{"true", "false", "yes", "no", "0", "1"}, value)
}

package imports

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// locate finds the program of a hook, as webhook does when the hook runs.
func (h *hook) locate(item *Item, base string) (program, dir string, err error) {
	command := string(h.Command)
	if dir = string(h.Dir); dir != "" && !filepath.IsAbs(dir) {
		dir = filepath.Join(base, dir)
		item.differ("relative-folder", fmt.Sprintf("the working folder is %s; webhook takes %q for one below the folder in which it was started", dir, h.Dir), Process)
	}
	look := command
	switch {
	case filepath.IsAbs(command):
	case dir != "":
		look = filepath.Join(dir, command)
	case strings.ContainsRune(command, filepath.Separator):
		look = filepath.Join(base, command)
		item.differ("relative-command", fmt.Sprintf("the command is %s; webhook takes %q for one below the folder in which it was started", look, command), Process)
	}
	found, err := exec.LookPath(look)
	if err != nil {
		why := fmt.Sprintf("the command %q cannot be found", command)
		if strings.ContainsRune(command, ' ') {
			why += "; it has a space in it, and arguments stand under pass-arguments-to-command"
		}
		return "", "", fmt.Errorf("%s", why)
	}
	if found, err = filepath.Abs(found); err != nil {
		return "", "", fmt.Errorf("find the command %q: %w", command, err)
	}
	if found != command {
		item.differ("program-name", fmt.Sprintf("the program is called by its whole path, %s; webhook calls it %q", found, command), Arguments)
	}
	return found, dir, nil
}

// shells are programs that read code in an argument, by the flag before it.
var shells = map[string]*regexp.Regexp{
	"sh": dashC, "bash": dashC, "dash": dashC, "ash": dashC, "zsh": dashC, "ksh": dashC, "mksh": dashC, "fish": dashC, "csh": dashC, "tcsh": dashC,
	"su": dashC, "script": dashC, "runuser": dashC,
	"python": dashC, "python2": dashC, "python3": dashC,
	"perl": dashE, "ruby": dashE, "lua": dashE, "node": dashE, "nodejs": dashE, "deno": dashE, "bun": dashE,
	"php": regexp.MustCompile(`^-[A-Za-z]*[rBRE]$|^--(run|process-)`),
	"cmd": regexp.MustCompile(`(?i)^/[ckr]`), "powershell": dashCommand, "pwsh": dashCommand,
}

var (
	dashC       = regexp.MustCompile(`^-[A-Za-z]*c$|^--command$`)
	dashE       = regexp.MustCompile(`^-[A-Za-z0-9]*[eEp]$|^--(eval|print)$|^eval$`)
	dashCommand = regexp.MustCompile(`(?i)^[-/](c|com[a-z]*|e|en[a-z]*|ec)$`)
)

// version matches the number behind an interpreter's name.
var version = regexp.MustCompile(`[0-9.]+$`)

// shell says why a person has to look at a command before it runs: a shell or an
// interpreter reads code in one of its arguments. fromSender says that the code
// is the sender's.
func shell(argv []string, isValue func(int) bool) (why string, fromSender bool) {
	if name := programName(argv[0]); name == "ssh" {
		for i := range argv {
			if isValue(i) {
				return "the shell at the other end reads the arguments, and the sender has a part in them", false
			}
		}
	}
	if ext := strings.ToLower(filepath.Ext(argv[0])); ext == ".bat" || ext == ".cmd" {
		for i := range argv {
			if isValue(i) {
				return "a batch file reads its arguments as code", true
			}
		}
		return "it is a batch file", false
	}
	for i, arg := range argv {
		flag := shells[programName(arg)]
		if flag == nil || isValue(i) {
			continue
		}
		code := slices.IndexFunc(argv[i+1:], flag.MatchString)
		if code < 0 {
			continue
		}
		for at := i + 1 + code; at <= i+2+code && at < len(argv); at++ {
			if isValue(at) {
				return fmt.Sprintf("%s runs what the sender writes as code", programName(arg)), true
			}
		}
		return fmt.Sprintf("%s runs the code in its arguments", programName(arg)), false
	}
	return "", false
}

// programName is the name by which an interpreter is known.
func programName(arg string) string {
	name := strings.ToLower(filepath.Base(strings.ReplaceAll(arg, `\`, "/")))
	name = strings.TrimSuffix(name, ".exe")
	if shells[name] == nil {
		name = version.ReplaceAllString(name, "")
	}
	return name
}

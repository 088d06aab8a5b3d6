//go:build unix

package service

import (
	"context"
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// launchdPlist describes the service to launchd.
//
//go:embed templates/launchd.plist
var launchdPlist string

// launchd is a service of launchd: an agent of a user or a daemon of the
// machine. It is one of macOS; its parts know no system, so that tests do.
type launchd struct {
	o      Options
	text   string // of the description
	file   string // where the description is
	domain string // whose services it belongs to: gui/501, or system
	// write makes the file with the text, by the library.
	write func() error
	// prepare makes account and folders.
	prepare func(context.Context) error
}

var _ system = (*launchd)(nil)

// plist is the description of the service that runs o, with the variables that a
// user's own paths come from, as NAME=VALUE.
func plist(o Options, environment []string) string {
	var system, variables, account string
	if o.Scope == System {
		system = "\t\t<string>--system</string>"
		name := escapeXML(o.account())
		account = "\t<key>UserName</key>\n\t<string>" + name + "</string>"
	}
	if len(environment) > 0 {
		variables = "\t<key>EnvironmentVariables</key>\n\t<dict>\n"
		for _, v := range environment {
			name, value, _ := strings.Cut(v, "=")
			variables += "\t\t<key>" + escapeXML(name) + "</key>\n\t\t<string>" + escapeXML(value) + "</string>\n"
		}
		variables += "\t</dict>"
	}
	text := withLine(launchdPlist, "@SYSTEM@", system)
	text = withLine(text, "@ENVIRONMENT@", variables)
	text = withLine(text, "@ACCOUNT@", account)
	return strings.Replace(text, "@PROGRAM@", escapeXML(o.Program), 1)
}

// target is what launchd knows the service by.
func (l *launchd) target() string { return l.domain + "/" + serviceName }

func (l *launchd) install(ctx context.Context) (bool, error) {
	if l.o.Scope == System {
		if err := needRoot("install"); err != nil {
			return false, err
		}
	}
	if err := l.prepare(ctx); err != nil {
		return false, err
	}
	have, err := os.ReadFile(l.file)
	if err == nil && string(have) == l.text {
		return l.enable(ctx)
	}
	if err == nil {
		// launchd goes by what it has read, so it has to let go of that first.
		if err := l.bootout(ctx); err != nil {
			return false, err
		}
		err = os.Remove(l.file)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("replace description: %w", err)
	}
	if err := l.write(); err != nil {
		return false, fmt.Errorf("write description: %w", err)
	}
	// launchd refuses one that others may change.
	if err := os.Chmod(l.file, 0o644); err != nil {
		return false, fmt.Errorf("write description: %w", err)
	}
	_, err = l.enable(ctx)
	return true, err
}

// enable takes back that somebody has disabled the service.
func (l *launchd) enable(ctx context.Context) (changed bool, err error) {
	if l.enabled(ctx) {
		return false, nil
	}
	_, err = command(ctx, "launchctl", "enable", l.target())
	return true, err
}

// disabledPattern finds the service among those that are disabled: launchd has
// said it in two ways.
var disabledPattern = regexp.MustCompile(`"` + serviceName + `" => (true|disabled)`)

// enabled says whether launchd would start the service by itself.
func (l *launchd) enabled(ctx context.Context) bool {
	list, err := command(ctx, "launchctl", "print-disabled", l.domain)
	return err != nil || !disabledPattern.MatchString(list)
}

func (l *launchd) uninstall(ctx context.Context) error {
	if l.o.Scope == System {
		if err := needRoot("uninstall"); err != nil {
			return err
		}
	}
	if err := l.bootout(ctx); err != nil {
		return err
	}
	if err := os.Remove(l.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove description: %w", err)
	}
	return nil
}

func (l *launchd) start(ctx context.Context) error {
	if err := l.known("start"); err != nil {
		return err
	}
	now := l.show(ctx)
	if now.pid() != 0 {
		return nil
	}
	began := time.Now()
	var err error
	if now == nil {
		if _, err := l.enable(ctx); err != nil {
			return err
		}
		_, err = command(ctx, "launchctl", "bootstrap", l.domain, l.file)
	} else {
		_, err = command(ctx, "launchctl", "kickstart", l.target())
	}
	if err != nil && l.o.Scope == User {
		return fmt.Errorf("start service: %w; macOS runs services of a user who is signed in at the screen, and not only by ssh", err)
	}
	if err != nil {
		return fmt.Errorf("start service: %w", err)
	}
	running := func() bool { return l.show(ctx).pid() != 0 }
	return recordsOf(l.o.Paths).await(ctx, began, running, l.o.Paths.LogFile())
}

func (l *launchd) stop(ctx context.Context) error {
	if err := l.known("stop"); err != nil {
		return err
	}
	return l.bootout(ctx)
}

func (l *launchd) restart(ctx context.Context) error { return again(ctx, l) }

// bootout has launchd end the service and forget it, until the next start or
// sign-in. It returns when that is so: launchctl may return before.
func (l *launchd) bootout(ctx context.Context) error {
	if l.show(ctx) == nil {
		return nil
	}
	_, err := command(ctx, "launchctl", "bootout", l.target())
	for l.show(ctx) != nil {
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(awaitEvery):
		}
	}
	return nil // whatever launchctl has said
}

// known returns ErrNotInstalled when there is no description.
func (l *launchd) known(verb string) error {
	if l.o.Scope == System {
		if err := needRoot(verb); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(l.file); errors.Is(err, fs.ErrNotExist) {
		return ErrNotInstalled
	}
	return nil
}

// launchdState is what launchd says of a service; nil if it does not know it.
type launchdState map[string]string

// show asks launchd.
func (l *launchd) show(ctx context.Context) launchdState {
	out, err := command(ctx, "launchctl", "print", l.target())
	if err != nil {
		return nil
	}
	return parseLaunchd(out)
}

// parseLaunchd reads the settings of the outermost level of what launchctl
// prints. Apple promises nothing of it: what is not found is not known.
func parseLaunchd(out string) launchdState {
	s := launchdState{}
	for line := range strings.Lines(out) {
		rest, ok := strings.CutPrefix(line, "\t")
		if !ok || strings.HasPrefix(rest, "\t") {
			continue
		}
		if name, value, ok := strings.Cut(strings.TrimSpace(rest), " = "); ok {
			s[name] = value
		}
	}
	return s
}

// pid is the process of the service, 0 if it has none.
func (s launchdState) pid() int {
	pid, err := strconv.Atoi(s["pid"])
	if err != nil {
		return 0
	}
	return pid
}

// argumentPattern finds the program in a description, and accountPattern the
// account.
var (
	argumentPattern = regexp.MustCompile(`(?s)<key>ProgramArguments</key>\s*<array>\s*<string>(.*?)</string>`)
	accountPattern  = regexp.MustCompile(`(?s)<key>UserName</key>\s*<string>(.*?)</string>`)
)

// found is the text that a pattern finds in a description.
func found(pattern *regexp.Regexp, text string) string {
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	var value string
	if err := xml.Unmarshal([]byte("<v>"+m[1]+"</v>"), &value); err != nil {
		return m[1]
	}
	return value
}

func (l *launchd) status(ctx context.Context) (Status, error) {
	st := Status{System: "launchd", State: StateStopped, Log: l.o.Paths.LogFile()}
	text, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, fmt.Errorf("read description: %w", err)
	}
	st.Installed, st.Definition, st.Enabled = true, l.file, l.enabled(ctx)
	st.Program, st.User = found(argumentPattern, string(text)), found(accountPattern, string(text))
	if l.o.Scope == User {
		if u, err := user.Current(); err == nil {
			st.User = u.Username
		}
		st.Notes = append(st.Notes, Note{
			Text:   "it runs while its user is signed in",
			Remedy: "for a service that always runs: sudo homehook service install --system",
		})
	}
	now := l.show(ctx)
	recordsOf(l.o.Paths).tell(&st, now.pid(), func(pid int) bool { return pid == now.pid() })
	if code, err := strconv.Atoi(now["last exit code"]); err == nil && code != 0 && st.LastExit == "" {
		st.LastExit = exitText(code)
	}
	return st, nil
}

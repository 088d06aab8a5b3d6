package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"homehook/agent/credentials"
	"homehook/agent/history"
	"homehook/routes"
	"homehook/routes/signature"
)

// Free bytes below which a disk is worth a word. The history of a few busy days
// fits into the first; SQLite and its WAL need the second.
const (
	littleSpace = 1 << 30
	noSpace     = 64 << 20
)

// permissions looks at who else may look into the folders of the agent. Files
// in them are looked at where they are read.
func (d *doctor) permissions() {
	if runtime.GOOS == "windows" {
		d.skip(checkPermissions, "", "the folders' access lists are checked when the agent starts")
		return
	}
	dirs := []string{filepath.Dir(d.History)}
	if d.Socket != "" {
		dirs = append(dirs, filepath.Dir(d.Socket))
	}
	good := true
	for _, dir := range slices.Compact(dirs) {
		info, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the agent makes it
		}
		good = d.folder(dir, info, err) && good
	}
	if good {
		d.ok(checkPermissions, "", "the folders of state and control socket are this user's alone")
	}
}

// folder reports whether a folder is closed to others.
func (d *doctor) folder(dir string, info fs.FileInfo, err error) bool {
	remedy := "run: chmod 700 " + dir
	switch {
	case err != nil:
		d.problem(checkPermissions, dir, err.Error(), "")
	case info.Mode()&fs.ModeSymlink != 0:
		d.problem(checkPermissions, dir, dir+" is a symbolic link", "put a folder in its place")
	case !info.IsDir():
		d.problem(checkPermissions, dir, dir+" is not a folder", "move it away")
	case info.Mode().Perm()&0o022 != 0:
		d.problem(checkPermissions, dir, fmt.Sprintf("other users may change folder %s (%#o)", dir, info.Mode().Perm()), remedy)
	case info.Mode().Perm()&0o077 != 0:
		d.warn(checkPermissions, dir, fmt.Sprintf("other users may look into folder %s (%#o)", dir, info.Mode().Perm()), remedy)
	default:
		return true
	}
	return false
}

// credentials looks for each one that the configuration names.
func (d *doctor) credentials() {
	if d.unconfigured(checkCredentials) {
		return
	}
	names, good := d.credentialNames(), true
	for _, name := range names {
		if _, err := d.credential(name); err != nil {
			d.problem(checkCredentials, name, err.Error(), "set it: homehook secret set "+name)
			good = false
		}
	}
	if good = d.suitable() && good; !good {
		return
	}
	if len(names) == 0 {
		d.ok(checkCredentials, "", "the configuration names none")
		return
	}
	d.ok(checkCredentials, "", "stored as they should be: "+strings.Join(names, ", "))
}

// credentialNames are those in the configuration, each once, in order.
func (d *doctor) credentialNames() []string {
	var names []string
	for _, r := range d.config.Relays {
		names = append(names, r.Token)
	}
	for _, c := range d.config.Claims {
		names = append(names, c.VerifyToken)
	}
	for _, s := range d.config.Routes {
		names = append(names, secretNames(&s)...)
		if s.Verify != nil {
			names = append(names, s.Verify.Token)
		}
		for _, h := range handlersOf(&s) {
			if h.Notify != nil && h.Notify.NTFY != nil {
				names = append(names, h.Notify.NTFY.Token)
			}
			if h.Notify != nil && h.Notify.Mail != nil {
				names = append(names, h.Notify.Mail.Password)
			}
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// secretNames are the credentials that senders of a route are checked with.
func secretNames(s *routes.Spec) []string {
	if s.Verify == nil {
		return nil
	}
	return append([]string{s.Verify.Secret}, s.Verify.Secrets...)
}

// credential returns the value of a credential.
func (d *doctor) credential(name string) (string, error) {
	var value string
	err := error(credentials.ErrNotFound)
	if d.store != nil {
		value, err = d.store.Get(name)
	}
	if errors.Is(err, credentials.ErrNotFound) {
		return "", fmt.Errorf("the credential %q is missing", name)
	}
	return value, err
}

// suitable reports whether signing secrets are what their schemes can use.
// Those that are not stored have been told.
func (d *doctor) suitable() bool {
	good := true
	for _, s := range d.config.Routes {
		if s.Verify == nil {
			continue
		}
		scheme := schemeAsConfigured(s.Verify)
		if scheme == nil {
			continue // the configuration would not have loaded
		}
		for _, name := range secretNames(&s) {
			value, err := d.credential(name)
			if name == "" || err != nil {
				continue
			}
			if err := scheme.CheckSecret([]byte(value)); err != nil {
				d.problem(checkCredentials, name, fmt.Sprintf("%s of route %q cannot use the credential %q: %s", s.Verify.Scheme, s.Name, name, err),
					"store the one that the sender shows: homehook secret set "+name)
				good = false
			}
		}
	}
	return good
}

// schemeAsConfigured is the scheme that a route's senders sign by, nil when
// there is none such.
func schemeAsConfigured(v *routes.VerifySpec) *signature.Scheme {
	scheme, known := signature.Find(v.Scheme)
	if !known {
		return nil
	}
	with, err := scheme.With(v.Options())
	if err != nil {
		return nil
	}
	return with
}

// scripts compiles each route that runs one anew: the files may have changed
// since the configuration was loaded.
func (d *doctor) scripts() {
	if d.unconfigured(checkScripts) {
		return
	}
	count, good := 0, true
	for _, s := range d.config.Routes {
		runs := 0
		for _, h := range handlersOf(&s) {
			if h.Script != nil || h.CGI != nil {
				runs++
			}
		}
		if count += runs; runs == 0 {
			continue
		}
		table, problems := routes.Compile([]routes.Spec{s})
		if table != nil {
			table.Close()
		}
		for _, p := range problems {
			d.problem(checkScripts, s.Name, fmt.Sprintf("route %q: %s", s.Name, p.Message), p.Remedy)
			good = false
		}
	}
	switch {
	case count == 0:
		d.ok(checkScripts, "", "no route runs one")
	case good:
		d.ok(checkScripts, "", fmt.Sprintf("all can be run: %d", count))
	}
}

// disk looks at the room where the state lies.
func (d *doctor) disk() {
	dir := existing(filepath.Dir(d.History))
	free, total, err := history.Space(dir)
	if err != nil {
		d.skip(checkDisk, dir, "the system does not say what is free where "+dir+" lies: "+err.Error())
		return
	}
	d.space(dir, free, total)
}

func (d *doctor) space(dir string, free, total int64) {
	text := fmt.Sprintf("%s of %s are free where %s lies", bytesInWords(free), bytesInWords(total), dir)
	const remedy = "make room there, or lower max_size: of history: in the configuration"
	switch {
	case free < noSpace:
		d.problem(checkDisk, dir, text, remedy)
	case free < littleSpace:
		d.warn(checkDisk, dir, text, remedy)
	default:
		d.ok(checkDisk, dir, text)
	}
}

// existing is dir, or the nearest folder above it that there is.
func existing(dir string) string {
	for {
		above := filepath.Dir(dir)
		if _, err := os.Stat(dir); err == nil || above == dir {
			return dir
		}
		dir = above
	}
}

// bytesInWords is a number of bytes as a person says it.
func bytesInWords(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	case n < 10<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d GiB", n>>30)
}

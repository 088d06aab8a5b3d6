package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// davConfig is an Apache with WebDAV. It lies below the claim's prefix, so that
// the paths in its answers, and in what it is asked to copy and move, are the
// same on both ways to it.
const davConfig = `
ServerRoot %[1]q
ServerName localhost
Listen %[2]s
PidFile %[6]q
ErrorLog /dev/stderr
LogLevel crit
DocumentRoot %[3]q
User www-data
Group www-data
LoadModule mpm_event_module %[4]s/mod_mpm_event.so
LoadModule authz_core_module %[4]s/mod_authz_core.so
LoadModule dav_module %[4]s/mod_dav.so
LoadModule dav_fs_module %[4]s/mod_dav_fs.so
DavLockDB %[5]q
<Directory %[3]q>
  Dav On
  Require all granted
</Directory>
`

// needPrograms skips the test on a machine that lacks one of the programs, as
// needPeers does.
func needPrograms(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("HOMEHOOK_TEST_PEERS") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// startDAV starts an Apache with a folder for WebDAV and returns its address.
func startDAV(t *testing.T) string {
	t.Helper()
	const modules = "/usr/lib/apache2/modules"
	if _, err := os.Stat(modules); err != nil {
		t.Skip(err)
	}
	// Its user must get through the folders above, which those of t do not allow.
	dir, err := os.MkdirTemp("", "homehook-dav")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	root := filepath.Join(dir, "root")
	for _, d := range []string{filepath.Join(root, "~garage", "dav"), filepath.Join(dir, "locks")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		giveAway(t, dir, "www-data")
	}
	addr := freeAddr(t)
	conf := filepath.Join(dir, "apache.conf")
	text := fmt.Sprintf(davConfig, dir, addr, root, modules, filepath.Join(dir, "locks", "db"), filepath.Join(dir, "pid"))
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("apache2", "-DFOREGROUND", "-f", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // it ends its children then, which kill does not
		cmd.Wait()
	})
	eventually(t, "Apache listens", func() bool { return listens(addr) })
	return addr
}

// giveAway makes a folder and all in it another user's.
func giveAway(t *testing.T, dir, name string) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Skip(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	os.Chmod(dir, 0o755)
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	litmusTest  = regexp.MustCompile(`(?m)^ *\d+\. (\S+?)\.+ *(pass|FAIL|WARNING|SKIPPED)(.*)$`)
	litmusSuite = regexp.MustCompile("(?m)^<- summary for `(\\w+)': of (\\d+) tests run: (\\d+) passed")
	davPlace    = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// litmus runs the suite at a URL and returns what each of its tests came to, by
// suite, and how many there were and passed.
func litmus(t *testing.T, url string) (results []string, run, passed int) {
	t.Helper()
	cmd := exec.Command("litmus", "-k", url)
	cmd.Dir = t.TempDir() // it writes a log
	out, _ := cmd.CombinedOutput()
	text := strings.ReplaceAll(string(out), "\r", "\n")
	for line := range strings.Lines(text) {
		line = davPlace.ReplaceAllString(strings.TrimSpace(line), "SERVER")
		if m := litmusTest.FindStringSubmatch(line); m != nil {
			results = append(results, m[1]+" "+m[2]+m[3])
		} else if m := litmusSuite.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[2])
			good, _ := strconv.Atoi(m[3])
			run, passed = run+n, passed+good
			results = append(results, line)
		}
	}
	if run == 0 {
		t.Fatalf("litmus ran nothing:\n%s", text)
	}
	return results, run, passed
}

// TestLitmusThrough holds that a WebDAV server behind relay and agent answers
// the litmus suite as it does without them.
func TestLitmusThrough(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a suite of another make")
	}
	needPrograms(t, "litmus", "apache2")
	app := startDAV(t)
	public, _, _ := startBoth(t, fmt.Sprintf("  - {name: dav, claim: garage, match: /, unverified: true, forward: {to: \"http://%s/~garage\"}}\n", app))
	direct, run, passed := litmus(t, "http://"+app+"/~garage/dav/")
	through, _, passedThrough := litmus(t, public+"/dav/")
	t.Logf("litmus: of %d tests %d passed direct, %d through relay and agent", run, passed, passedThrough)
	if diff := cmp.Diff(direct, through); diff != "" {
		t.Error(diff)
	}
}

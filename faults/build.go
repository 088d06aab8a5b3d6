package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// programs are the paths of what a lab runs.
type programs struct {
	agent, relay string
	self         string // this program, for the script handler
}

// build compiles both programs with the tags into a folder, and puts a copy of
// this program beside them: the agent starts no script from a folder that
// others can write in. more are more flags of go build.
func (s *session) build(tags string, more ...string) (programs, error) {
	dir := filepath.Join(s.dir, "bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return programs{}, err
	}
	p := programs{agent: filepath.Join(dir, "homehook"), relay: filepath.Join(dir, "homehook-relay"), self: filepath.Join(dir, "faults")}
	self, err := os.Executable()
	if err != nil {
		return programs{}, err
	}
	if err := copyFile(p.self, self, 0o700); err != nil {
		return programs{}, err
	}
	if s.bin != "" {
		return p, errors.Join(copyFile(p.agent, filepath.Join(s.bin, "homehook"), 0o700),
			copyFile(p.relay, filepath.Join(s.bin, "homehook-relay"), 0o700))
	}
	root, err := moduleRoot()
	if err != nil {
		return programs{}, err
	}
	args := append([]string{"build", "-tags", tags, "-o", dir + string(filepath.Separator)}, more...)
	cgo := "0"
	if s.race {
		args, cgo = append(args, "-race"), "1"
	}
	cmd := exec.Command("go", append(args, "./cmd/homehook", "./cmd/homehook-relay")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return programs{}, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return p, nil
}

// moduleRoot finds the folder with the sources.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the sources: %w; run this in a clone of Homehook", err)
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if path != "homehook" {
		return "", fmt.Errorf("module %q is not Homehook: run this in a clone of Homehook", path)
	}
	return dir, nil
}

func copyFile(to, from string, mode os.FileMode) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return err
	}
	return dst.Close()
}

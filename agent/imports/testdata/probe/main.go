// Command probe is the command of the hooks of the corpus: it writes down how it
// was called, and does what the file beside it says.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// behaviour is what a command does besides writing down how it was called.
type behaviour struct {
	Stdout, Stderr string
	Exit           int
	Files          []string // variables that name files
}

// record is how a command was called.
type record struct {
	Args  []string
	Env   map[string]string
	Files map[string]string // contents, by variable
	Dir   string
}

// probe writes down how it was called, into a folder beside itself.
func probe(home string) int {
	var b behaviour
	if data, err := os.ReadFile(filepath.Join(home, "behaviour")); err == nil {
		_ = json.Unmarshal(data, &b)
	}
	r := record{Args: os.Args, Env: map[string]string{}, Files: map[string]string{}}
	r.Dir, _ = os.Getwd()
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		r.Env[name] = value
	}
	for _, name := range b.Files {
		if data, err := os.ReadFile(r.Env[name]); err == nil {
			r.Files[name] = string(data)
		}
	}
	data, err := json.Marshal(r)
	name := filepath.Join(home, "records", fmt.Sprintf("%d-%d", time.Now().UnixNano(), os.Getpid()))
	if err == nil {
		err = os.WriteFile(name+".tmp", data, 0o600)
	}
	if err == nil {
		err = os.Rename(name+".tmp", name)
	}
	fmt.Fprint(os.Stdout, b.Stdout)
	fmt.Fprint(os.Stderr, b.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 100
	}
	return b.Exit
}

func main() {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	os.Exit(probe(filepath.Dir(self)))
}

package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"homehook/agent/control"
	"homehook/agent/history"
)

// history looks at the file, and asks the agent that has it open how writing
// goes.
func (d *doctor) history(ctx context.Context) {
	if d.running == nil && d.Withheld != "" {
		d.skip(checkHistory, "", "it lies in a folder of another user, whose files are left to the agent")
		return
	}
	var in history.Inspection
	var err error
	wrong := false
	if d.running != nil {
		in, err = d.running.journal.Inspect(ctx)
		wrong = !d.writable(d.running.journal.Err(), d.running.journal.Lost())
	} else {
		in, err = history.Inspect(ctx, d.History)
	}
	d.exposedHistory(in.Exposed)
	switch {
	case d.running == nil && errors.Is(err, os.ErrNotExist):
		d.skip(checkHistory, "", "there is none yet")
	case err != nil:
		d.problem(checkHistory, "", d.History+": "+err.Error(), "if it is damaged, start the agent anew: it sets the file aside and keeps what can be read")
	case wrong: // that it is sound is no comfort
	case in.Verified:
		d.ok(checkHistory, "", fmt.Sprintf("%s is sound, %s", d.History, bytesInWords(in.Size)))
	default:
		d.ok(checkHistory, "", fmt.Sprintf("%s, %s; not read: %s", d.History, bytesInWords(in.Size), in.Unverified))
	}
}

// exposedHistory tells of files of the history that others may use.
func (d *doctor) exposedHistory(paths []string) {
	for _, path := range paths {
		d.problem(checkHistory, path, path+" is open to other users of this machine", "run: chmod 600 "+path)
		d.act(control.ActionFixMode, path)
	}
}

// unwritable says that the journal cannot write, for which nothing is taken in that
// has to be written down first.
func unwritable(err error, path string) control.Finding {
	return control.Finding{
		Check: checkHistory, State: control.FindingProblem, Text: "it cannot be written: " + err.Error(),
		Remedy: "make room on the disk, or give the agent's user the folder " + filepath.Dir(path),
	}
}

// writable says what the journal told of its writing, and reports whether that
// goes on.
func (d *doctor) writable(err error, lost int64) bool {
	if err != nil {
		f := unwritable(err, d.History)
		d.problem(f.Check, "", f.Text, f.Remedy)
		return false
	}
	if lost > 0 {
		d.warn(checkHistory, "", fmt.Sprintf("records that could not be written since the agent began: %d", lost), "see the log of the agent for when and why")
	}
	return true
}

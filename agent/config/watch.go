package config

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watch follows the file at path until ctx ends, and returns nil then. It
// calls apply with the configuration as it finds it at the start, so that no
// change between a Load and the Watch is lost, and after each change of the
// content. A file that does not load, or one that vanishes, goes to refuse
// once: the last good configuration stays in force. When it loads again, apply
// is called even if the content is the same as before.
//
// It watches the folder and not the file, because editors replace files, and
// the folder behind a symbolic link as well. Both functions are called one at
// a time on the goroutine of Watch. The error is about a folder that cannot be
// watched.
func Watch(ctx context.Context, path string, log *slog.Logger, apply func(*Config), refuse func(error)) error {
	w := watcher{
		path: path, log: log, apply: apply, refuse: refuse,
		settle: 100 * time.Millisecond, patience: time.Second, poll: 10 * time.Second,
	}
	return w.run(ctx)
}

// watcher is one Watch.
type watcher struct {
	path   string
	log    *slog.Logger
	apply  func(*Config)
	refuse func(error)

	// settle is how long the folder must be quiet before the file is read, and
	// patience how long a folder that is never quiet can put that off. poll is
	// the time between looks without a notice, for what sends none: network
	// file systems, links further down, folders made anew.
	settle, patience, poll time.Duration

	notify *fsnotify.Watcher
	empty  time.Time // since when the file is empty; zero when it is not
	// seen is what the last look found.
	seen struct {
		any, good bool
		info      fs.FileInfo // of a good file; nil without one
		sum       digest      // of a good file
		faults    string      // of a good file; it is read again while it has some
		problem   string      // of a bad one
	}
}

// run follows the file until ctx ends.
func (w *watcher) run(ctx context.Context) (err error) {
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		return fmt.Errorf("watch config: %w", err)
	}
	defer w.notify.Close()
	if err := w.follow(); err != nil {
		return fmt.Errorf("watch config: %w", err)
	}
	w.look()
	poll := time.NewTicker(w.poll)
	defer poll.Stop()
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	defer settled.Stop()
	var waiting time.Time // since when a notice waits; zero when none does
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.notify.Errors:
			// Notices may have been lost, so this counts as one.
			w.log.Debug("config watch stumbled", "error", err)
		case <-w.notify.Events:
		case <-poll.C:
			if waiting.IsZero() {
				w.lookAgain()
			}
			continue
		case <-settled.C:
			waiting = time.Time{}
			w.lookAgain()
			continue
		}
		if waiting.IsZero() {
			waiting = time.Now()
		}
		settled.Reset(min(w.settle, w.patience-time.Since(waiting)))
	}
}

// lookAgain looks after watching what the path leads to by now. Only then a
// change right after the look is noticed.
func (w *watcher) lookAgain() {
	if err := w.follow(); err != nil {
		w.log.Debug("config folder cannot be watched", "error", err)
	}
	w.look()
}

// follow watches the folders of the file and no others.
func (w *watcher) follow() error {
	want, have := foldersOf(w.path), w.notify.WatchList()
	for _, dir := range have {
		if !slices.Contains(want, dir) {
			// It may be gone already; then so is the watch.
			_ = w.notify.Remove(dir)
		}
	}
	for _, dir := range want {
		if slices.Contains(have, dir) {
			continue
		}
		if err := w.notify.Add(dir); err != nil {
			return fmt.Errorf("folder %s: %w", dir, err)
		}
	}
	return nil
}

// look reads the file if it may have changed and reports what is new.
func (w *watcher) look() {
	info, err := os.Stat(w.path)
	if err == nil && w.seen.good && w.seen.faults == "" && unchanged(w.seen.info, info) {
		return
	}
	if err == nil && info.Size() == 0 && !w.emptyForLong() {
		return
	}
	w.empty = time.Time{}
	cfg, sum, err := load(w.path, true)
	if err == nil && sum == (digest{}) && w.seen.sum != sum {
		err = Problems{{File: w.path, Message: "the file is gone", Remedy: "the last good configuration stays in force"}}
	}
	if err != nil {
		problem := err.Error()
		if !w.seen.any || w.seen.good || w.seen.problem != problem {
			w.seen.any, w.seen.good, w.seen.problem = true, false, problem
			w.refuse(err)
		}
		return
	}
	faults := ""
	if len(cfg.Faults) > 0 {
		faults = cfg.Faults.Error()
	}
	news := !w.seen.any || !w.seen.good || w.seen.sum != sum || w.seen.faults != faults
	w.seen.any, w.seen.good, w.seen.info, w.seen.sum, w.seen.faults = true, true, info, sum, faults
	if news {
		w.apply(cfg)
	} else if cfg.Table != nil {
		cfg.Table.Close()
	}
}

// emptyForLong tells a file that somebody emptied from one that an editor is
// about to write: it has emptied it first. A later look decides.
func (w *watcher) emptyForLong() bool {
	if w.empty.IsZero() {
		w.empty = time.Now()
	}
	return time.Since(w.empty) >= w.patience
}

// unchanged says whether two looks found the same file as it was.
func unchanged(a, b fs.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

// foldersOf lists the folder of path and, behind a symbolic link, the one of
// the file itself.
func foldersOf(path string) []string {
	dirs := []string{filepath.Dir(path)}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || filepath.Dir(real) == dirs[0] {
		return dirs
	}
	return append(dirs, filepath.Dir(real))
}

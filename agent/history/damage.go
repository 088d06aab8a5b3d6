package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"homehook/dbfile"
)

// salvagedTables are those that cannot be made anew, the most precious first.
var salvagedTables = []string{"deliveries", "originals", "requests", "remembered", "attempts", "changes", "spans", "numbers"}

// openDamaged opens what is left of a damaged file.
func openDamaged(ctx context.Context, path string, o Options, why error) (*Journal, error) {
	steps, err := dbfile.Steps(embedded)
	if err != nil {
		return nil, err
	}
	now := o.Now()
	s := dbfile.Schema{App: applicationID, Steps: steps, Tables: salvagedTables}
	rep, err := dbfile.Salvage(ctx, path, s, now)
	if err != nil {
		return nil, fmt.Errorf("%w (and salvage it: %w)", why, err)
	}
	o.Log.Error("the history is damaged and was set aside, what can be read of it was copied to a new one",
		"file", rep.Aside, "deliveries", rep.Rows["deliveries"], "unreadable", rep.Holes, "error", why)
	if err := removeIndex(path); err != nil {
		return nil, err
	}
	return open(ctx, path, o, filepath.Base(bodies(path))+".damaged-"+now.UTC().Format("20060102T150405.000"))
}

// suspectSuffix is that of a file beside the history which says that the
// history has to be checked when it is opened next.
const suspectSuffix = ".suspect"

// suspect has the history checked, and salvaged if need be, when it is opened
// next, should err say that it is damaged.
func suspect(path string, err error, log *slog.Logger) {
	if !dbfile.Damaged(err) {
		return
	}
	f, failed := os.OpenFile(path+suspectSuffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if failed != nil {
		return // most likely it is there already
	}
	log.Error("the history is damaged; what can be read of it is saved when the agent is started next", "file", path, "error", err)
	_ = f.Close() // it holds nothing
}

// suspected says that suspect was called since the history was opened.
func suspected(path string) (bool, error) {
	_, err := os.Lstat(path + suspectSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// cleared takes back what suspect has said.
func cleared(path string) error {
	if err := os.Remove(path + suspectSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// connectSound opens the writing connection, and checks the file if nobody has
// closed it or something was wrong with it. steps is how many this version knows.
func connectSound(ctx context.Context, path string, o Options, steps int) (*dbfile.Conn, error) {
	if err := dbfile.Resume(path, o.Now()); err != nil {
		return nil, err
	}
	if err := dbfile.Secure(path); err != nil {
		return nil, err
	}
	unclean, err := dbfile.Unclean(path)
	if err != nil {
		return nil, err
	}
	suspected, err := suspected(path)
	if err != nil {
		return nil, err
	}
	c, err := connectWriter(ctx, path, o.pragmas)
	if err != nil || !unclean && !suspected {
		return c, err
	}
	err = examine(c, steps)
	if err == nil && suspected {
		err = removeIndex(path) // it may have been what was damaged
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// examine checks the file behind c, unless a newer version wrote it.
func examine(c *dbfile.Conn, steps int) error {
	version, err := c.Number("PRAGMA user_version")
	if err != nil || version > int64(steps) {
		return err
	}
	return dbfile.Verify(c)
}

// complete makes what follows from the deliveries, for a file that an earlier
// version wrote or that was salvaged.
func complete(c *dbfile.Conn) error {
	missing, err := c.Number("SELECT EXISTS (SELECT 1 FROM deliveries) AND NOT EXISTS (SELECT 1 FROM facets)")
	if err != nil || missing == 0 {
		return err
	}
	// What is owed an end and has not arrived would never be run nor deleted.
	err = c.Exec("BEGIN IMMEDIATE;" + refacetSQL + `
DELETE FROM originals WHERE seq NOT IN (SELECT seq FROM deliveries);
UPDATE deliveries SET arrival = n FROM (SELECT seq AS s, (SELECT ifnull(max(arrival), 0) FROM deliveries) + row_number() OVER (ORDER BY seq) AS n
FROM deliveries WHERE arrival IS NULL AND durable <> 0 AND state IN ('received', 'running', 'waiting')) WHERE seq = s;
COMMIT`)
	if err != nil {
		_ = c.Exec("ROLLBACK") // SQLite may have done it already
		return fmt.Errorf("complete history: %w", err)
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// queueFile is the database of the relay's queue in its data folder, bodyFolder
// where long bodies lie.
const (
	queueFile  = "queue.db"
	bodyFolder = "bodies"
)

// open opens a database that another process may be using. A killed program
// leaves a log that has to be played in, so it is opened for writing.
func open(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: "mode=rw&_pragma=busy_timeout(5000)"}
	return sql.Open("sqlite", u.String())
}

// query calls scan for each row. A file that does not exist has none.
func query(ctx context.Context, path, text string, scan func(*sql.Rows) error) (err error) {
	db, err := open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// number runs a query that yields one number, 0 for a file that is not there.
func number(ctx context.Context, path, text string) (n int, err error) {
	err = query(ctx, path, text, func(r *sql.Rows) error { return r.Scan(&n) })
	return n, err
}

// integrity lets SQLite look through a whole file.
func integrity(ctx context.Context, path string) error {
	var all []string
	err := query(ctx, path, "PRAGMA integrity_check", func(r *sql.Rows) error {
		var line string
		err := r.Scan(&line)
		if line != "ok" {
			all = append(all, line)
		}
		return err
	})
	if err == nil && len(all) > 0 {
		err = errors.New(strings.Join(all, "; "))
	}
	return err
}

// readHistory reads the agent's deliveries in their order of arrival.
func readHistory(ctx context.Context, path string) (all []delivery, err error) {
	const text = `SELECT id, coalesce(claim, ''), coalesce(path, ''), state, coalesce(body_sha256, ''),
		coalesce(duplicate_of, ''), attempts, coalesce(reason, '') FROM deliveries ORDER BY seq`
	err = query(ctx, path, text, func(r *sql.Rows) error {
		var d delivery
		err := r.Scan(&d.ID, &d.Key.Claim, &d.Key.Path, &d.State, &d.Digest, &d.DuplicateOf, &d.Attempts, &d.Reason)
		all = append(all, d)
		return err
	})
	return all, err
}

// readQueue reads what waits in the relay's data folder, in order.
func readQueue(ctx context.Context, dir string) (all []queued, err error) {
	const text = `SELECT id, claim, head, body, coalesce(file, '') FROM items ORDER BY seq`
	err = query(ctx, filepath.Join(dir, queueFile), text, func(r *sql.Rows) error {
		var (
			q          queued
			head, body []byte
			file       string
		)
		if err := r.Scan(&q.ID, &q.Key.Claim, &head, &body, &file); err != nil {
			return err
		}
		if q.Key.Path = target(head); q.Key.Path == "" {
			return fmt.Errorf("item %s has no request line", q.ID)
		}
		q.Key.Path = strings.TrimPrefix(q.Key.Path, "/~"+q.Key.Claim)
		q.Digest, err = digest(dir, body, file)
		all = append(all, q)
		return err
	})
	return all, err
}

// readGivenUp names deliveries whose body the relay has not found again.
func readGivenUp(ctx context.Context, dir string) (all []string, err error) {
	path := filepath.Join(dir, queueFile)
	n, err := number(ctx, path, "SELECT count(*) FROM sqlite_schema WHERE name = 'lost'")
	if err != nil || n == 0 {
		return nil, err
	}
	err = query(ctx, path, "SELECT id FROM lost", func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}

// target is the second word of a head.
func target(head []byte) string {
	words := bytes.Fields(head[:max(0, bytes.IndexByte(head, '\n'))])
	if len(words) < 2 {
		return ""
	}
	return string(words[1])
}

// digest is that of a body in its row or, if file is not empty, in a file of
// its own. A file that is missing has a digest that nothing else has.
func digest(dir string, body []byte, file string) (string, error) {
	h := sha256.New()
	if file == "" {
		h.Write(body)
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	f, err := os.Open(filepath.Join(dir, bodyFolder, file))
	if errors.Is(err, fs.ErrNotExist) {
		return "missing file", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// backlog counts what is on its way: in the relay's queue, and at home without
// an end.
func backlog(ctx context.Context, l *lab) (int, error) {
	there, err := number(ctx, filepath.Join(l.data(), queueFile), "SELECT count(*) FROM items")
	if err != nil {
		return 0, err
	}
	here, err := number(ctx, l.history(), "SELECT count(*) FROM deliveries WHERE state <> 'succeeded' AND state IN ('received', 'running', 'waiting')")
	return there + here, err
}

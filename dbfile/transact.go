package dbfile

import "fmt"

// Transact does what do does within one transaction, which is fsync'd if full,
// and rolled back if do returns an error. It is for connections that [WriterDSN]
// has opened.
func (c *Conn) Transact(full bool, do func() error) error {
	if c.tx == nil {
		var err error
		c.tx, err = c.PrepareAll(map[**Stmt]string{&c.begin: "BEGIN IMMEDIATE", &c.commit: "COMMIT", &c.rollback: "ROLLBACK"})
		if err != nil {
			return err
		}
	}
	if err := c.synchronous(full); err != nil {
		return err
	}
	if err := c.begin.Exec(); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	err := do()
	if err == nil {
		if err = c.commit.Exec(); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	// SQLite has rolled back by itself after some errors; then there is nothing
	// to do, which it calls an error.
	_ = c.rollback.Exec()
	return err
}

// synchronous sets whether commits fsync the log. SQLite reads the pragma while
// it compiles it and ignores it within a transaction, so it is neither prepared
// nor part of one.
func (c *Conn) synchronous(full bool) error {
	if full == c.full {
		return nil
	}
	text := "PRAGMA synchronous=NORMAL"
	if full {
		text = "PRAGMA synchronous=FULL"
	}
	if err := c.Exec(text); err != nil {
		return fmt.Errorf("set synchronous: %w", err)
	}
	c.full = full
	return nil
}

// Prepared are statements that live as long as each other.
type Prepared []*Stmt

// PrepareAll compiles statements, all or none, and puts each where its key
// points.
func (c *Conn) PrepareAll(texts map[**Stmt]string) (Prepared, error) {
	all := make(Prepared, 0, len(texts))
	for to, text := range texts {
		s, err := c.Prepare(text)
		if err != nil {
			all.Close()
			return nil, fmt.Errorf("prepare %q: %w", text, err)
		}
		*to = s
		all = append(all, s)
	}
	return all, nil
}

// Close lets go of them. An error would repeat that of the last run.
func (all Prepared) Close() {
	for _, s := range all {
		_ = s.Close()
	}
}

package dbfile

import (
	"errors"
	"strings"
	"testing"
)

func TestTransact(t *testing.T) {
	c := create(t, testPath(t), testSchema)
	var insert, count *Stmt
	all, err := c.PrepareAll(map[**Stmt]string{
		&insert: "INSERT INTO things (n, name) VALUES (?, 'a thing')",
		&count:  "SELECT count(*) FROM things",
	})
	check(t, err)
	defer all.Close()
	errMine := errors.New("mine")
	tests := []struct {
		name string
		full bool
		do   func() error
		want error
		rows int64 // afterwards
	}{
		{"is committed", true, func() error { return insert.Exec(int64(1)) }, nil, 1},
		{"is rolled back", true, func() error { return errors.Join(insert.Exec(int64(2)), errMine) }, errMine, 1},
		{"was rolled back already", true, func() error { return errors.Join(insert.Exec(int64(2)), c.Exec("ROLLBACK"), errMine) }, errMine, 1},
		{"goes on behind that, without fsync", false, func() error { return insert.Exec(int64(2)) }, nil, 2},
		{"with fsync again", true, func() error { return insert.Exec(int64(3)) }, nil, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := c.Transact(tt.full, func() error {
				want := int64(1) // NORMAL
				if tt.full {
					want = 2 // FULL
				}
				if got := number(t, c, "PRAGMA synchronous"); got != want {
					t.Errorf("synchronous is %d, want %d", got, want)
				}
				return tt.do()
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if n, _, err := count.Number(); err != nil || n != tt.rows {
				t.Errorf("%d rows, %v; want %d", n, err, tt.rows)
			}
		})
	}
	err = c.Transact(false, func() error { return c.Exec("COMMIT") })
	if err == nil || !strings.HasPrefix(err.Error(), "commit: ") {
		t.Errorf("a commit that fails: %v", err)
	}
}

// All or none are prepared.
func TestPrepareAll(t *testing.T) {
	c := create(t, testPath(t), testSchema)
	var good, bad *Stmt
	all, err := c.PrepareAll(map[**Stmt]string{&good: "SELECT 1", &bad: "SELECT nothing FROM nowhere"})
	if err == nil || all != nil || !strings.Contains(err.Error(), "SELECT nothing FROM nowhere") {
		t.Errorf("got %v, %v", all, err)
	}
}

package lite_test

import (
	"path/filepath"
	"testing"

	"defenderbot/bench/due/lite"
)

// TestSent: what is sent to a file is counted, whoever reads it meanwhile.
func TestSent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	db, other := lite.Open(file), lite.Open(file)
	defer db.Close()
	defer other.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (n int)"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO t VALUES (7)"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := other.QueryRowContext(t.Context(), "SELECT n FROM t").Scan(&n); err != nil || n != 7 {
		t.Fatalf("read %d, %v", n, err)
	}
	if got := [2]int64{db.Sent(), other.Sent()}; got != [2]int64{4, 1} {
		t.Errorf("sent %v, want 4 (create, begin, insert, commit) and 1", got)
	}
}

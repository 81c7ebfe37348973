// Package databasetest gives tests a database: SQLite in a temporary folder, and a real PostgreSQL
// that is started once per test binary and ends with it.
package databasetest

import (
	"context"
	"path/filepath"
	"testing"

	"holdover/database"
)

// Open gives an empty SQLite database, closed when the test ends.
func Open(t testing.TB) *database.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
}

func open(t testing.TB, url string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) // a test may have closed it already
	return db
}

// Each runs a test on SQLite and on PostgreSQL. open gives an empty database at each call. Without
// PostgreSQL the second half is skipped with a sentence; with CI=true it fails.
func Each(t *testing.T, f func(t *testing.T, open func(t *testing.T) *database.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, fresh func(t *testing.T) string) {
		f(t, func(t *testing.T) *database.DB { t.Helper(); return open(t, fresh(t)) })
	})
}

// EachURL is Each for tests that open the database themselves, more than once: fresh gives the URL
// of an empty one.
func EachURL(t *testing.T, f func(t *testing.T, fresh func(t *testing.T) string)) {
	t.Helper()
	t.Run(database.SQLite, func(t *testing.T) {
		f(t, func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") })
	})
	t.Run(database.PostgreSQL, func(t *testing.T) { f(t, server(t).fresh) })
}

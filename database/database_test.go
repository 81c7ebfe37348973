package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
)

var files = fstest.MapFS{"migrations/001_start.sql": {Data: []byte(`-- +goose Up
CREATE TABLE item (id BIGINT PRIMARY KEY, word TEXT NOT NULL);
-- +goose Down
DROP TABLE item;
`)}}

func migrated(t *testing.T, db *database.DB) *database.DB {
	t.Helper()
	for range 2 { // the second time has nothing to do
		if err := db.Migrate(t.Context(), "test", files); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func insert(id int) func(*database.Tx) error {
	return func(tx *database.Tx) error {
		_, err := tx.Exec("INSERT INTO item (id, word) VALUES (?, ?)", id, "what?")
		return err
	}
}

func count(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *database.Tx) error {
		return tx.QueryRow("SELECT COUNT(*) FROM item WHERE word = 'what?'").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAFailedWriteHarmsNoOther(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		db := migrated(t, open(t))
		refused := errors.New("refused")
		var wg sync.WaitGroup
		errs := make([]error, 90)
		for i := range errs {
			wg.Go(func() {
				errs[i] = db.Write(context.Background(), func(tx *database.Tx) error {
					if err := insert(i)(tx); err != nil {
						return err
					}
					switch i % 3 {
					case 1:
						return refused
					case 2:
						panic("a fault in a room")
					}
					return nil
				})
			})
		}
		wg.Wait()
		for i, err := range errs {
			switch {
			case i%3 == 0 && err != nil:
				t.Errorf("write %d: %v", i, err)
			case i%3 == 1 && !errors.Is(err, refused):
				t.Errorf("write %d: %v, want its own error", i, err)
			case i%3 == 2 && (err == nil || !strings.Contains(err.Error(), "a fault in a room")):
				t.Errorf("write %d: %v, want the panic's words", i, err)
			}
		}
		if got := count(t, db); got != 30 {
			t.Errorf("%d rows, want the 30 whose write succeeded", got)
		}
	})
}

func TestAnErrorOfAStatementLeavesTheRest(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		db := migrated(t, open(t))
		for range 2 {
			err := db.Write(t.Context(), insert(1))
			if err != nil && !database.IsUnique(err) {
				t.Fatal(err)
			}
		}
		if err := db.Write(t.Context(), insert(2)); err != nil {
			t.Fatal(err)
		}
		if got := count(t, db); got != 2 {
			t.Errorf("%d rows, want 2", got)
		}
	})
}

func TestReadNeverWaitsAndNeverWrites(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		db := migrated(t, open(t))
		inside, leave, ended := make(chan bool), make(chan bool), make(chan error)
		go func() {
			ended <- db.Write(context.Background(), func(tx *database.Tx) error {
				err := insert(1)(tx)
				close(inside)
				<-leave
				return err
			})
		}()
		<-inside
		if got := count(t, db); got != 0 {
			t.Errorf("a reader saw %d rows that were not committed", got)
		}
		close(leave)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := count(t, db); got != 1 {
			t.Errorf("%d rows after the commit, want 1", got)
		}
		if err := db.Read(t.Context(), insert(2)); err == nil {
			t.Error("a Read wrote")
		}
		if got := count(t, db); got != 1 {
			t.Errorf("%d rows after a Read tried to write, want 1", got)
		}
	})
}

func TestAWriteThatHasNotBegunCanBeCancelled(t *testing.T) {
	db := migrated(t, databasetest.Open(t))
	inside, leave := make(chan bool), make(chan bool)
	go db.Write(context.Background(), func(*database.Tx) error { close(inside); <-leave; return nil })
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := db.Write(ctx, insert(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	close(leave)
	if err := db.Write(t.Context(), insert(2)); err != nil {
		t.Fatal(err)
	}
	if got := count(t, db); got != 1 {
		t.Errorf("%d rows: the cancelled write must not happen", got)
	}
}

func TestClose(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		db := migrated(t, open(t))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), insert(1)); !errors.Is(err, database.ErrClosed) {
			t.Errorf("Write: %v", err)
		}
		if err := db.Read(t.Context(), func(*database.Tx) error { return nil }); !errors.Is(err, database.ErrClosed) {
			t.Errorf("Read: %v", err)
		}
	})
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		db := migrated(t, open(t))
		err := db.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec("INSERT INTO test_version (version_id, is_applied) VALUES (?, ?)", 7, true)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context(), "test", files); err == nil || !strings.Contains(err.Error(), "version 7") {
			t.Errorf("got %v", err)
		}
	})
}

func TestReopen(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		url := fresh(t)
		for i := range 3 {
			db, err := database.Open(t.Context(), database.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			migrated(t, db)
			if err := db.Write(t.Context(), insert(i)); err != nil {
				t.Fatal(err)
			}
			if got := count(t, db); got != i+1 {
				t.Errorf("%d rows, want %d", got, i+1)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := t.TempDir() + "/locked.db"
	db, err := database.Open(t.Context(), database.Options{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	migrated(t, db)
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), insert(1)); !errors.Is(err, database.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	tx.Rollback()
	if err := db.Write(t.Context(), insert(1)); err != nil {
		t.Errorf("after the lock has gone: %v", err)
	}
}

func TestDamagedFileIsNamed(t *testing.T) {
	path := t.TempDir() + "/damaged.db"
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := database.Open(t.Context(), database.Options{URL: "sqlite:" + path})
	if !errors.Is(err, database.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

// TestFull fills a database to its page limit: the error says so, and reading goes on.
func TestFull(t *testing.T) {
	db := migrated(t, databasetest.Open(t))
	var err error
	limit := func(tx *database.Tx) error {
		_, err := tx.Exec("PRAGMA max_page_count = 20")
		return err
	}
	if err := db.Write(t.Context(), limit); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < 1000 && err == nil; n++ {
		err = db.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec("INSERT INTO item (id, word) VALUES (?, ?)", n, strings.Repeat("x", 4000))
			return err
		})
	}
	if !errors.Is(err, database.ErrFull) || errors.Is(err, database.ErrUnsure) {
		t.Errorf("got %v, want ErrFull and nothing unsure", err)
	}
	count(t, db)
}

func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 10, 50} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			db := databasetest.Open(b)
			if err := db.Migrate(b.Context(), "test", files); err != nil {
				b.Fatal(err)
			}
			var wg sync.WaitGroup
			b.ResetTimer()
			for w := range writers {
				wg.Go(func() {
					for i := w; i < b.N; i += writers {
						if err := db.Write(context.Background(), insert(i)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

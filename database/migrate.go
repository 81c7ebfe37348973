package database

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrate applies the goose files of one room, which counts its versions in a table of its own.
func migrate(ctx context.Context, pool *sql.DB, dialect, room string, files fs.FS) error {
	if sub, err := fs.Stat(files, "migrations"); err == nil && sub.IsDir() {
		if files, err = fs.Sub(files, "migrations"); err != nil {
			return err
		}
	}
	options := []goose.ProviderOption{
		goose.WithTableName(room + "_version"),
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()),
	}
	kind := goose.DialectSQLite3
	if dialect == PostgreSQL {
		kind = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker() // two nodes may start at once
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(kind, pool, spoken{files, dialect}, options...)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", room, err)
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", room, err)
	}
	if has > knows {
		return fmt.Errorf("migrations of %s: the database is at version %d and this release knows %d: run the newer release, or restore a backup", room, has, knows)
	}
	if has == knows {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrations of %s: %w", room, err)
	}
	return nil
}

// Package lite opens the SQLite file that River's processes share, and counts what they send
// to it.
package lite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"sync/atomic"

	"modernc.org/sqlite"
)

// DB is a SQLite file.
type DB struct {
	*sql.DB

	sent *atomic.Int64
}

// Open opens a file as River's documentation does, with one connection
// (https://riverqueue.com/docs/sqlite). So that several processes can write to it they wait
// for each other, and a transaction takes its lock when it begins
// (https://www.sqlite.org/lang_transaction.html). What is committed is on the disk, as it is
// with appendfsync always (https://www.sqlite.org/pragma.html#pragma_synchronous).
func Open(file string) *DB {
	settings := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	c := &connector{name: "file:" + file + "?" + settings.Encode()}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	return &DB{db, &c.sent}
}

// Sent is how many statements were sent so far: begin and commit are statements, too.
func (db *DB) Sent() int64 { return db.sent.Load() }

// connector opens connections that count.
type connector struct {
	name   string
	driver sqlite.Driver
	sent   atomic.Int64
}

// Driver is that of SQLite.
func (c *connector) Driver() driver.Driver { return &c.driver }

// Connect opens a connection.
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.name)
	if err != nil {
		return nil, fmt.Errorf("open a SQLite file: %w", err)
	}
	inner, is := opened.(inner)
	if !is {
		return nil, fmt.Errorf("open a SQLite file: %T cannot be counted", opened)
	}
	return &conn{inner, &c.sent}, nil
}

// inner is what a connection of the driver can do and database/sql makes use of.
type inner interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn counts what is sent over a connection.
type conn struct {
	inner

	sent *atomic.Int64
}

// ExecContext counts one.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.sent.Add(1)
	return c.inner.ExecContext(ctx, query, args)
}

// QueryContext counts one.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.sent.Add(1)
	return c.inner.QueryContext(ctx, query, args)
}

// BeginTx counts one, and one for the end of the transaction.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.sent.Add(2)
	return c.inner.BeginTx(ctx, opts)
}

package databasetest

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"holdover/database"
)

// pg is a PostgreSQL of our own on a free port of the loopback address.
type pg struct {
	port  int
	alive io.Closer // the input of the script; kept from the garbage collector, which would close it
	made  atomic.Int64
}

// started holds the one server of this test binary.
var started = sync.OnceValues(start)

var errNone = errors.New("PostgreSQL is not installed (Debian: apt-get install postgresql)")

func server(t *testing.T) *pg {
	t.Helper()
	s, err := started()
	if err != nil {
		if os.Getenv("CI") == "true" || !errors.Is(err, errNone) {
			t.Fatal(err)
		}
		t.Skip("not run on PostgreSQL: ", err)
	}
	return s
}

func (s *pg) url(name string) string {
	return fmt.Sprintf("postgres://holdover@127.0.0.1:%d/%s?sslmode=disable", s.port, name)
}

// fresh makes an empty database.
// OpenPostgres opens a fresh PostgreSQL database; where there is none the test is skipped, but not in CI.
func OpenPostgres(t *testing.T) *database.DB {
	t.Helper()
	return open(t, server(t).fresh(t))
}

func (s *pg) fresh(t *testing.T) string {
	t.Helper()
	name := "t" + strconv.FormatInt(s.made.Add(1), 10)
	if err := s.admin("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return s.url(name)
}

func (s *pg) admin(statement string) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

func start() (*pg, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		return nil, errNone
	}
	slices.Sort(found)
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "holdover-postgres-")
	if err != nil {
		return nil, err
	}
	who, err := account(dir)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	alive, err := run(who, dir, bin, port)
	if err != nil {
		return nil, err
	}
	s := &pg{port: port, alive: alive}
	return s, s.ready()
}

// account: PostgreSQL refuses to run as root, so root hands the folder to somebody else.
func account(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.New("PostgreSQL will not run as root, and there is neither a user postgres nor nobody")
}

// script starts the server and ends it when its standard input closes, which the system sees to
// when this process ends in whatever way.
const script = `
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$2" \
  -c fsync=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=32MB >"$2/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -INT $server
wait $server
rm -rf "$2"
`

func run(who *syscall.SysProcAttr, dir, bin string, port int) (io.Closer, error) {
	first := exec.Command(filepath.Join(bin, "initdb"), "-D", dir+"/data", "-U", "holdover", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	first.SysProcAttr, first.Dir = who, dir
	if out, err := first.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	keep := exec.Command("/bin/sh", "-c", script, "sh", bin, dir, strconv.Itoa(port))
	keep.SysProcAttr, keep.Dir = who, dir
	input, err := keep.StdinPipe()
	if err != nil {
		return nil, err
	}
	return input, keep.Start()
}

func (s *pg) ready() error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := s.admin("SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL did not start: %w", err)
		}
		if !strings.Contains(err.Error(), "refused") && !strings.Contains(err.Error(), "57P03") {
			return err
		}
		time.Sleep(20 * time.Millisecond) // between two looks at a condition
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

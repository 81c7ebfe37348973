package stage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Child is one run of the product's binary. It never outlives us: the kernel kills it when we die.
type Child struct {
	process *os.Process
	done    chan struct{} // closed when it has ended
	err     error         // how it ended, after done
	tail    *tail
}

// startChild runs binary with args, its logs going to log.
func startChild(log io.Writer, binary string, args ...string) (*Child, error) {
	c := &Child{done: make(chan struct{}), tail: &tail{}}
	started := make(chan error, 1)
	go c.run(log, binary, args, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	return c, nil
}

func (c *Child) run(log io.Writer, binary string, args []string, started chan<- error) {
	runtime.LockOSThread() // Pdeathsig speaks of the thread that started the child
	defer close(c.done)
	cmd := exec.Command(binary, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, in, err := os.Pipe()
	if err != nil {
		started <- err
		return
	}
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	in.Close()
	if err != nil {
		started <- errors.Join(err, out.Close())
		return
	}
	c.process = cmd.Process
	started <- nil
	c.tail.follow(out, log)
	out.Close()
	c.err = cmd.Wait()
}

// Done is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Pid is the process id.
func (c *Child) Pid() int { return c.process.Pid }

// Err tells how the child ended, with its last log lines; call it after Done.
func (c *Child) Err() error {
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("%w; its last lines:\n%s", c.err, c.tail)
}

// Kill is kill -9; it returns when the process is gone.
func (c *Child) Kill() {
	c.process.Kill()
	<-c.done
}

// Stop asks the child to end and waits; after patience it is killed, which is an error.
func (c *Child) Stop(patience time.Duration) error {
	c.process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
		return c.Err()
	case <-time.After(patience):
		c.Kill()
		return fmt.Errorf("holdover did not end within %v of SIGTERM and was killed; its last lines:\n%s", patience, c.tail)
	}
}

// ready waits until the product says that it is.
func (c *Child) ready(ctx context.Context, url string) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if r, err := client.Get(url + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-c.done:
			return fmt.Errorf("holdover ended before it was ready: %w; its last lines:\n%s", c.err, c.tail)
		case <-ctx.Done():
			return fmt.Errorf("holdover is not ready: %w; its last lines:\n%s", ctx.Err(), c.tail)
		case <-tick.C:
		}
	}
}

// tail remembers the last lines of a log.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) follow(r io.Reader, log io.Writer) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			io.WriteString(log, line)
			t.mu.Lock()
			t.lines = append(t.lines, line)
			if len(t.lines) > 30 {
				t.lines = t.lines[1:]
			}
			t.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "")
}

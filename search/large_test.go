package search

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdover/mailstore"
)

// largeQueries are those of web's TestCheck08_Timing.
var largeQueries = []string{"zxqgamma", "zxqbeta", "zxqalpha", "Angebot", "Angebot Rechnung", "Übersicht", `"violette Giraffe tanzt"`, "from:seltener.absender@kunde.example", "Vertrags*", "is:unread",
	"is:unread Rechnung", "has:attachment", "received:last month", "in:sent Lieferung", "invoice OR Rechnung", "-Angebot is:flagged", "xyzzynowhere", "subject:Projekt", "size:>100kB"}

// TestLarge measures the index of a large mailbox without the pages around it: HOLDOVER_LARGE names a directory that is kept
// from run to run, HOLDOVER_BUDGETS the number of messages. The index is built again when HOLDOVER_LARGE_BUILD is set.
func TestLarge(t *testing.T) {
	dir := os.Getenv("HOLDOVER_LARGE")
	if dir == "" {
		t.Skip("HOLDOVER_LARGE is not set")
	}
	n, err := strconv.Atoi(os.Getenv("HOLDOVER_BUDGETS"))
	must(t, err)
	must(t, os.MkdirAll(dir, 0o700))
	store, shut := realStore(t, dir)
	defer shut()
	seed(t, store, dir, n)
	indexes := filepath.Join(dir, "index")
	if os.Getenv("HOLDOVER_LARGE_BUILD") != "" {
		must(t, os.RemoveAll(indexes))
	}
	x, err := Open(Options{Dir: indexes, Source: store, Now: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, berlin) }})
	must(t, err)
	defer x.Close()
	began, cpu := time.Now(), processSeconds()
	for more := true; more; {
		more, err = x.feed(t.Context(), box)
		must(t, err)
	}
	t.Logf("indexed in %s, %.3f ms of CPU a message", time.Since(began), (processSeconds()-cpu)*1000/float64(n))
	time.Sleep(2 * time.Second) // merges
	t.Logf("index %.1f MB", float64(octetsBelow(t, indexes))/1e6)
	all, cpus := []float64{}, []float64{}
	for _, q := range append(largeQueries, extra()...) {
		var ms []float64
		var r Result
		cpu := processSeconds()
		for range 10 {
			began := time.Now()
			r, err = x.Search(t.Context(), box, q, 0, 50)
			must(t, err)
			ms = append(ms, float64(time.Since(began).Microseconds())/1000)
		}
		if slices.Contains(largeQueries, q) {
			all = append(all, ms...)
		}
		used := (processSeconds() - cpu) * 1000 / float64(len(ms))
		cpus = append(cpus, used)
		slices.Sort(ms)
		t.Logf("%-40s total %6d  hits %3d  p50 %6.1f  max %6.1f ms, %6.1f ms of CPU", q, r.Total, len(r.Hits), ms[5], ms[9], used)
	}
	slices.Sort(all)
	slices.Sort(cpus)
	t.Logf("p50 %.1f p95 %.1f ms; CPU p50 %.1f max %.1f ms", all[len(all)/2], all[len(all)*95/100], cpus[len(cpus)/2], cpus[len(cpus)-1])
}

func extra() (list []string) {
	for q := range strings.SplitSeq(os.Getenv("HOLDOVER_LARGE_QUERIES"), ";") {
		if q != "" {
			list = append(list, q)
		}
	}
	return list
}

// seed delivers what is missing of n generated messages.
func seed(t *testing.T, store *mailstore.Store, dir string, n int) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "seeded")); err == nil {
		return
	}
	corpus := filepath.Join(dir, "corpus")
	if out, err := exec.Command("go", "run", "-C", "../bench/genmail", ".", "-out", corpus, "-n", strconv.Itoa(n), "-seed", "7").CombinedOutput(); err != nil {
		t.Fatalf("genmail: %v: %s", err, out)
	}
	files, err := filepath.Glob(corpus + "/u1/Maildir/cur/*")
	must(t, err)
	slices.Sort(files)
	const hands = 8
	done := make(chan error)
	for hand := range hands {
		go func() {
			var faults error
			for i := hand; i < len(files); i += hands {
				octets, err := os.ReadFile(files[i])
				seconds, _, _ := strings.Cut(filepath.Base(files[i]), ".")
				at, err2 := strconv.ParseInt(seconds, 10, 64)
				folder, flags := mailstore.Inbox, files[i][strings.LastIndexByte(files[i], ','):]
				switch {
				case i%8 == 7:
					folder = mailstore.Sent
				case i%9 == 8:
					folder = mailstore.Archive
				}
				_, err3 := store.Deliver(t.Context(), mailstore.Arrival{
					To: []mailstore.Recipient{{Mailbox: box, Address: "katrin.wessel@firma.example"}}, From: "x@kunde.example", Origin: mailstore.FromExchange, Folder: folder,
					Flags:  mailstore.Flags{Seen: strings.Contains(flags, "S"), Flagged: strings.Contains(flags, "F"), Answered: strings.Contains(flags, "R")},
					Octets: bytes.ReplaceAll(bytes.ReplaceAll(octets, []byte("\r"), nil), []byte("\n"), []byte("\r\n")), At: time.Unix(at, 0)})
				faults = errors.Join(faults, err, err2, err3)
			}
			done <- faults
		}()
	}
	for range hands {
		must(t, <-done)
	}
	must(t, os.WriteFile(filepath.Join(dir, "seeded"), []byte(fmt.Sprint(n)), 0o600))
}

func octetsBelow(t *testing.T, dir string) (sum int64) {
	must(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return err
	}))
	return sum
}

package search

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"go.etcd.io/bbolt"
)

// errDamaged says that an index cannot be trusted and has to be built again.
var errDamaged = errors.New("the search index is damaged")

// settings are Bleve's for every index, at its making and at each opening. With the default plan
// one more message in an index of 1,000 merges small segments at once, at 75 ms of CPU; with a
// floor of 50 documents it is 6. The options replace each other as a whole, so all are given.
func settings() map[string]any {
	return map[string]any{
		"scorchMergePlanOptions": map[string]any{
			"maxSegmentsPerTier":   10,
			"maxSegmentSize":       5_000_000,
			"maxSegmentFileSize":   4_000_000_000,
			"tierGrowth":           10.0,
			"segmentsPerMergeTask": 10,
			"floorSegmentSize":     50,
			"floorSegmentFileSize": 0,
			"reclaimDeletesWeight": 2.0,
		},
		"bolt_timeout": "5s", // never reached: .lock is held; without it a mistake would hang
	}
}

// createIndex makes an empty index and syncs everything up to its parent at once: without that
// 12 of 12 new indexes were unreadable after a power cut.
func createIndex(dir string) (bleve.Index, error) {
	idx, err := guarded(func() (bleve.Index, error) {
		return bleve.NewUsing(dir, bleve.NewIndexMapping(), scorch.Name, scorch.Name, settings())
	})
	if err != nil {
		return nil, err
	}
	if err := syncTree(dir); err != nil {
		return nil, errors.Join(err, idx.Close())
	}
	return idx, syncPath(filepath.Dir(dir))
}

// openIndex opens an index whose files were proven first, since Bleve maps them into memory and
// reads a damaged one in goroutines of its own, where a panic ends the process.
func openIndex(dir string) (bleve.Index, error) {
	if err := proveFiles(filepath.Join(dir, "store")); err != nil {
		return nil, err
	}
	return guarded(func() (bleve.Index, error) { return bleve.OpenUsing(dir, settings()) })
}

// guarded turns a panic over damaged files into an error, also that of a page number which points
// outside of a mapped file.
func guarded[T any](open func() (T, error)) (opened T, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: panic: %v", errDamaged, r)
		}
	}()
	return open()
}

// proveFiles compares each segment file with the checksum in its last four octets (zap format:
// CRC-32 of everything before), and reads the list of segments whole.
func proveFiles(store string) error {
	names, err := os.ReadDir(store)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), ".zap") {
			continue
		}
		if err := proveSegment(filepath.Join(store, n.Name())); err != nil {
			return fmt.Errorf("%w: segment %s: %w", errDamaged, n.Name(), err)
		}
	}
	return proveRoot(filepath.Join(store, "root.bolt"))
}

// proveRoot reads the list of segments to its last octet, with the list of its free pages. It has
// no checksum of its contents, so what is damaged shows as a page that cannot be read.
func proveRoot(name string) error {
	if _, err := os.Stat(name); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err) // bolt would wait for a lock on a file that is missing
	}
	_, err := guarded(func() (int, error) {
		db, err := bbolt.Open(name, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: time.Second})
		if err != nil {
			return 0, err
		}
		octets := 0
		err = db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error { return readBucket(b, &octets) })
		})
		return octets, errors.Join(err, db.Close())
	})
	if err != nil && !errors.Is(err, errDamaged) {
		err = fmt.Errorf("%w: list of segments: %w", errDamaged, err)
	}
	return err
}

func readBucket(b *bbolt.Bucket, octets *int) error {
	return b.ForEach(func(k, v []byte) error {
		if inner := b.Bucket(k); v == nil && inner != nil {
			return readBucket(inner, octets)
		}
		*octets += len(bytes.Clone(v)) // copied, so that every page is touched
		return nil
	})
}

func proveSegment(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < 4 {
		return io.ErrUnexpectedEOF
	}
	sum := crc32.NewIEEE()
	if _, err := io.CopyBuffer(sum, io.LimitReader(f, info.Size()-4), make([]byte, 256<<10)); err != nil {
		return err
	}
	var want [4]byte
	if _, err := io.ReadFull(f, want[:]); err != nil {
		return err
	}
	if sum.Sum32() != binary.BigEndian.Uint32(want[:]) {
		return errors.New("checksum does not match")
	}
	return nil
}

func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path)
	})
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

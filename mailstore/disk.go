package mailstore

import (
	"io/fs"
	"os"
)

// disk is the file layer, so small that tests can make each step of it fail. Names are relative to
// the data directory; os.Root keeps every one of them inside it (D7).
type disk interface {
	Create(name string) (file, error) // must not exist
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error) // in no particular order
	Stat(name string) (fs.FileInfo, error)
	Rename(from, to string) error
	Link(from, to string) error
	Remove(name string) error
	Mkdir(name string) error
	SyncDir(name string) error
	Close() error
}

// file is a file being written.
type file interface {
	Write(b []byte) (int, error)
	Sync() error
	Close() error
}

type rootDisk struct{ *os.Root }

func openDisk(dir string) (disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return rootDisk{root}, nil
}

func (d rootDisk) Create(name string) (file, error) {
	f, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d rootDisk) Mkdir(name string) error { return d.Root.Mkdir(name, 0o700) }

func (d rootDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func (d rootDisk) SyncDir(name string) error {
	f, err := d.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

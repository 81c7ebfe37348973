package exchange

import (
	"fmt"
	"strings"
	"time"
)

// creatable refuses names that would not be one folder of that name in Exchange.
func creatable(name string, delim rune) error {
	switch {
	case delim != 0 && strings.ContainsRune(name, delim):
		return &Failure{Kind: ErrRefused, Op: "CREATE", Words: "the name holds Exchange's folder separator",
			Remedy: "Create the folder in Exchange by hand under another name and move its messages there."}
	case strings.EqualFold(name, "Files"):
		return &Failure{Kind: ErrRefused, Op: "CREATE", Words: "Files is reserved in Exchange", Remedy: "Rename the folder."}
	}
	return nil
}

// pick finds a folder in a list, by role or by name without regard to case.
func pick(folders []listed, f Folder) (listed, bool) {
	if f.Role != "" && f.Name != "" {
		root, ok := pick(folders, Folder{Role: f.Role})
		if !ok {
			return listed{}, false
		}
		f = Folder{Name: root.name + "/" + f.Name}
	}
	for _, l := range folders {
		if f.Role != "" && l.role == f.Role || f.Role == "" && (strings.EqualFold(l.name, f.Name) || strings.EqualFold(l.name, l.path(f.Name))) {
			return l, true
		}
	}
	return listed{}, false
}

// path is a path with "/" as this server writes it.
func (l listed) path(name string) string {
	if l.delim == 0 || l.delim == '/' {
		return name
	}
	return strings.ReplaceAll(name, "/", string(l.delim))
}

// leaf is the last name of a folder's path.
func (l listed) leaf() string {
	return l.name[strings.LastIndex(l.name, string(l.separator()))+1:]
}

func (l listed) separator() rune {
	if l.delim == 0 {
		return '/'
	}
	return l.delim
}

// within says whether a folder lies in another, at whatever depth.
func (l listed) within(other listed) bool {
	return strings.HasPrefix(strings.ToLower(l.name), strings.ToLower(other.name)+string(other.separator()))
}

// placed notes for each folder in which one with a role it lies.
func placed(folders []listed) {
	var roots []listed
	for _, l := range folders {
		if l.role != "" {
			roots = append(roots, l)
		}
	}
	for i := range folders {
		for _, root := range roots {
			if folders[i].within(root) {
				folders[i].below = root.role
			}
		}
	}
}

// above is where a folder lies, and its own name; top tells that it lies in no other.
func (f Folder) above() (parent Folder, leaf string, top bool) {
	if i := strings.LastIndex(f.Name, "/"); i >= 0 {
		return Folder{Role: f.Role, Name: f.Name[:i]}, f.Name[i+1:], false
	}
	return Folder{Role: f.Role}, f.Name, f.Role == ""
}

// beside is a folder of another name in the same place.
func (f Folder) beside(name string) Folder {
	if i := strings.LastIndex(f.Name, "/"); i >= 0 {
		return Folder{Role: f.Role, Name: f.Name[:i+1] + name}
	}
	return Folder{Role: f.Role, Name: name}
}

// renaming finds the folder that is to be renamed. done: it is called so already. ErrTaken: another one is.
func renaming(op string, folders []listed, f Folder, name string) (l listed, done bool, err error) {
	l, ok := pick(folders, f)
	if !ok {
		return l, false, noFolder(op, f)
	}
	if other, ok := pick(folders, f.beside(name)); ok && other.name != l.name {
		return l, false, &Failure{Kind: ErrTaken, Op: op, Words: fmt.Sprintf("there is a folder %q already", other.name)}
	}
	return l, l.leaf() == name, creatable(name, l.delim)
}

// discarding finds the folder that is to go into Deleted Items. kept: it is not empty and stays; nothing of
// it is empty that has folders in it. name is what it is called there, where another one may lie already.
func discarding(op string, folders []listed, f Folder, now time.Time) (l, trash listed, name string, kept bool, err error) {
	l, ok := pick(folders, f)
	if !ok {
		return l, trash, "", false, noFolder(op, f)
	}
	for _, other := range folders {
		if other.within(l) {
			return l, trash, "", true, nil
		}
	}
	if trash, ok = pick(folders, Folder{Role: Trash}); !ok {
		return l, trash, "", false, noFolder(op, Folder{Role: Trash})
	}
	name = l.leaf()
	if _, taken := pick(folders, Folder{Role: Trash, Name: name}); taken {
		name += now.UTC().Format(" 2006-01-02 150405")
	}
	return l, trash, name, false, nil
}

func noFolder(op string, f Folder) error {
	return &Failure{Kind: ErrNoFolder, Op: op, Words: fmt.Sprintf("no folder for %s", f), Remedy: remedyFolder}
}

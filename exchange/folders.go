package exchange

import (
	"fmt"
	"strings"
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
	for _, l := range folders {
		if f.Role != "" && l.role == f.Role || f.Role == "" && strings.EqualFold(l.name, f.Name) {
			return l, true
		}
	}
	return listed{}, false
}

func noFolder(op string, f Folder) error {
	return &Failure{Kind: ErrNoFolder, Op: op, Words: fmt.Sprintf("no folder for %s", f), Remedy: remedyFolder}
}

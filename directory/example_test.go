package directory

import "testing"

// TestExampleFile: the example in the documentation is a valid file.
func TestExampleFile(t *testing.T) {
	mailboxes, groups, err := Read("../docs/directory.csv.example")
	if err != nil {
		t.Fatal(err)
	}
	if mailboxes != 4 || groups != 3 {
		t.Errorf("%d mailboxes and %d groups, want 4 and 3", mailboxes, groups)
	}
}

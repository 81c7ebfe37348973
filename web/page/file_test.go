package page

import "testing"

func TestDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"Müll.pdf": "attachment; filename*=utf-8''M%C3%BCll.pdf", "": "attachment", "a\r\nX-Evil: 1.txt": "attachment; filename=\"aX-Evil 1.txt\"",
		"../../etc/passwd": "attachment; filename=passwd", "exe\u202egpj.txt": "attachment; filename=exegpj.txt", "/": "attachment",
	} {
		if got := Disposition("attachment", name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

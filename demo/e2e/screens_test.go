package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"
)

// screens takes the page in every look, when asked to: HOLDOVER_SCREENS names a folder. The picture
// of the README is the inbox with a new message during the outage: HOLDOVER_SCREENSHOT names its file.
func (j *journey) screens(name string) {
	j.Helper()
	if path := os.Getenv("HOLDOVER_SCREENSHOT"); path != "" && name == "arrived" {
		j.w.run("set the size", j.w.look(how{width: 1280, height: 800}))
		j.w.picture(path)
	}
	j.screensOf(j.w, name)
}

func (j *journey) screensOf(w *window, name string) {
	j.Helper()
	folder := os.Getenv("HOLDOVER_SCREENS")
	if folder == "" {
		return
	}
	for _, width := range []int64{1280, 390} {
		for _, dark := range []bool{false, true} {
			look := "light"
			if dark {
				look = "dark"
			}
			w.run("set the look", w.look(how{width: width, height: 800, dark: dark}), chromedp.Sleep(50*time.Millisecond))
			w.picture(filepath.Join(folder, fmt.Sprintf("%s-%s-%d-%s.png", j.Name(), name, width, look)))
		}
	}
	w.run("set the look", w.look(how{width: 1280, height: 800}))
}

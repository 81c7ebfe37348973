package web

import (
	"testing"
	"time"

	"holdover/mailstore"
)

// TestSharedMailboxInBrowser: news of it arrive while one's own inbox is open, folding is remembered over pages,
// drafts save themselves into it, rows can be dragged to its folders and to no others, and typing in the move
// menu leaves the folders that fit.
func TestSharedMailboxInBrowser(t *testing.T) {
	h := newHouse(t)
	h.share(katrin, "*")
	asked := h.deliver(info, letter{subject: "Sperrmüll"})
	h.deliver(katrin, letter{subject: "Eigenes", seen: true})
	_, err := h.mail.CreateFolder(t.Context(), mailstore.FromPortal, h.box(info), "", "Abfuhr")
	must(t, err)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/mail/inbox")
	b.until(`document.documentElement.classList.contains("js")`)
	count := `document.querySelector(".folders .box > summary b")?.firstChild.textContent`
	b.until(count + ` === "1"`)
	h.deliver(info, letter{subject: "Öffnungszeiten"})
	b.until(count + ` === "2"`)

	folded := func() bool {
		chosen, err := h.mail.Preferences(t.Context(), h.box(katrin), boxPreference(box{id: h.box(info)}))
		must(t, err)
		return chosen[boxPreference(box{id: h.box(info)})] == "folded"
	}
	b.click(".folders .box > summary")
	b.until(`!document.querySelector(".folders .box").open`)
	b.await("the fold to be kept", folded)
	b.open("/mail/archive")
	b.until(`document.querySelector(".folders .box") && !document.querySelector(".folders .box").open`)
	b.click(".folders .box > summary")
	b.await("the unfolding to be kept", func() bool { return !folded() })

	b.click(".folders .box a[href$='/mail/inbox']")
	b.until(`location.pathname === "/shared/info@ahrenfeld.example/mail/inbox" && document.querySelectorAll(".list .row").length === 2`)
	if got := js[string](b, `[...document.querySelectorAll(".folders [data-folder]")].filter(a => !a.getAttribute("href").startsWith("/shared/")).map(a => a.href).join()`); got != "" {
		t.Errorf("rows can be dragged out of the mailbox: %s", got)
	}
	b.click("#move-list > summary")
	js[bool](b, `(() => { const f = document.querySelector("#move-list [name=find]"); f.value = "abf"; f.dispatchEvent(new Event("input", { bubbles: true })); return true })()`)
	b.until(`[...document.querySelectorAll("#move-list [name=to]")].filter(b => b.checkVisibility()).map(b => b.textContent.trim()).join("|") === "Abfuhr|Neuer Ordner …"`)
	js[bool](b, `(() => { const row = [...document.querySelectorAll(".list .row")].find(r => r.textContent.includes("Sperrmüll")); row.querySelector("[name=pick]").checked = true;
		const form = row.closest("form"); form.querySelector("[name=find]").focus(); return true })()`)
	b.press("Enter")
	b.await("the move", func() bool { return h.message(info, asked).Folder == h.made(info, "Abfuhr").ID })
	b.until(`document.querySelectorAll(".list .row").length === 1 && !!document.querySelector(".toast form")`)

	b.open("/shared/" + info + "/compose?mode=reply&of=" + string(asked))
	b.until(`document.querySelector("#from").value === "info@ahrenfeld.example"`)
	js[bool](b, `(() => { const t = document.getElementById("text"); t.value = "Am Freitag."; t.dispatchEvent(new Event("input", { bubbles: true })); return true })()`)
	b.until(`location.pathname === "/shared/info@ahrenfeld.example/compose" && /draft=/.test(location.search)`)
	drafts, _, err := h.mail.Threads(t.Context(), h.box(info), mailstore.Drafts, mailstore.Before{}, 9)
	must(t, err)
	mine, _, err := h.mail.Threads(t.Context(), h.box(katrin), mailstore.Drafts, mailstore.Before{}, 9)
	must(t, err)
	if len(drafts) != 1 || len(mine) != 0 {
		t.Errorf("%d drafts in the shared mailbox, %d in one's own", len(drafts), len(mine))
	}
	b.clean("the shared mailbox")
}

// await waits for something in the store.
func (b *browser) await(what string, so func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited in vain for %s", what)
		}
	}
}

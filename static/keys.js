// Keys, dragging and ranges: shorter ways to buttons that stand on the page. Each key presses what a mouse could press,
// so there is nothing here that has no other way. Typing in a field is never a shortcut.
(() => {
  const bar = (action) => ['.conv-head button[value="' + action + '"]', '.list button[value="' + action + '"]'];
  const answer = (mode) => ['.bar a[href*="mode=' + mode + '&"]'];
  const both = { "/": ["#q"], "?": ["a[href='/keys']"], "ctrl+z": [".toast form button"], Delete: bar("delete") };
  const sets = {
    outlook: { n: ["a[href$='/compose']"], r: answer("reply"), "shift+R": answer("all"), "shift+F": answer("forward"), e: bar("archive"), q: bar("read"), u: bar("unread"),
      Insert: bar("flag"), v: ["#move-conv > summary", ".list .menu > summary"], "ctrl+.": "next", "ctrl+,": "prev", Escape: [".back"] },
    gmail: { c: ["a[href$='/compose']"], r: answer("reply"), a: answer("all"), f: answer("forward"), e: bar("archive"), "shift+I": bar("read"), "shift+U": bar("unread"),
      s: bar("flag"), v: ["#move-conv > summary", ".list .menu > summary"], "#": bar("delete"), j: "next", k: "prev", u: [".back"], x: [".row.here .pick input"] },
  };
  const shown = (e) => e.checkVisibility ? e.checkVisibility() : e.offsetParent !== null;
  const rows = () => [...document.querySelectorAll(".list .row h3 a, .rows-found .row h3 a")];

  const step = (by) => {
    const all = rows(), here = all.findIndex((a) => a.closest(".row.here"));
    const next = all.length ? all[here < 0 ? 0 : here + by] : document.querySelector(by > 0 ? "a[rel=next]" : "a[rel=prev]"); // pages of a file
    if (next) next.click();
    return !!next;
  };
  const press = (selectors) => {
    const found = selectors.flatMap((s) => [...document.querySelectorAll(s)]).find((e) => shown(e) || e.matches("a[href='/keys'], .back"));
    if (!found) return false;
    if (found.matches("input:not([type=checkbox])")) found.focus(); else found.click();
    if (found.matches("summary")) found.parentElement.querySelector("input, button")?.focus();
    return true;
  };
  const named = (e) => (e.ctrlKey || e.metaKey ? "ctrl+" : "") + (e.altKey ? "alt+" : "") + (e.shiftKey && e.key.length === 1 && /\p{L}/u.test(e.key) ? "shift+" : "") + e.key;

  addEventListener("keydown", (e) => {
    const name = named(e), form = document.getElementById("compose"), typing = e.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (form && ["ctrl+Enter", "alt+s", "ctrl+s"].includes(name)) {
      e.preventDefault();
      form.querySelector(name === "ctrl+s" ? ".bar button[value=save]" : "button[value=send]")?.click();
      return;
    }
    if (name === "ArrowDown" && e.target.matches(".find input") && rows()[0]) { // from the question to the first answer
      e.preventDefault();
      rows()[0].focus();
      return;
    }
    if (typing || e.defaultPrevented || document.querySelector("details.menu[open]")) return;
    const set = sets[document.body.dataset.keys];
    const row = e.target.closest(".list .row"), all = rows();
    if ((name === "ArrowDown" || name === "ArrowUp") && (e.target.closest(".row") || (e.target === document.body && !document.querySelector(".row.here")))) {
      const at = all.indexOf(e.target.closest(".row")?.querySelector("h3 a")), next = all[at < 0 ? 0 : at + (name === "ArrowDown" ? 1 : -1)];
      if (next) { e.preventDefault(); next.focus(); }
      return;
    }
    if (set && (name === "ArrowRight" || name === "ArrowLeft")) { // the message at hand, or all from the subject on
      const one = e.target.closest(".msg");
      for (const m of one ? [one] : e.target.id === "t" ? document.querySelectorAll(".msg") : []) m.open = name === "ArrowRight";
    }
    let what = set && (set[name] || both[name]);
    if (row && what && what[1]?.startsWith(".list button")) { // what has the focus goes before what is open
      if (!document.querySelector(".list input[name=pick]:checked")) row.querySelector("input[name=pick]").checked = true;
      what = what.slice(1);
    }
    if (what && (typeof what === "string" ? step(what === "next" ? 1 : -1) : press(what))) e.preventDefault();
  });

  // ---- a range of rows: the second tick with Shift held
  let first = null;
  addEventListener("click", (e) => {
    const box = e.target;
    if (!box.matches || !box.matches(".row input[name=pick]")) return;
    const all = [...document.querySelectorAll(".row input[name=pick]")];
    if (e.shiftKey && first && all.includes(first)) {
      const [from, to] = [all.indexOf(first), all.indexOf(box)].sort((a, b) => a - b);
      for (const one of all.slice(from, to + 1)) one.checked = box.checked;
    }
    first = box;
  });

  // ---- dragging rows to a folder presses that folder's button in the list's own menu
  let dragged = null;
  const target = (e) => dragged && e.target.closest && e.target.closest(".folders a[data-folder]");
  const button = (link) => dragged.closest("form")?.querySelector('button[name=to][value="' + link.dataset.folder + '"]');
  addEventListener("pointerdown", (e) => { const row = e.target.closest && e.target.closest(".list .row"); if (row && e.pointerType === "mouse") row.draggable = true; });
  addEventListener("dragstart", (e) => { dragged = e.target.closest && e.target.closest(".list .row[draggable=true]"); if (dragged) e.dataTransfer.setData("text/plain", dragged.id); });
  addEventListener("dragend", () => { dragged = null; document.querySelectorAll(".folders .over").forEach((l) => l.classList.remove("over")); });
  addEventListener("dragover", (e) => {
    const link = target(e);
    document.querySelectorAll(".folders .over").forEach((l) => { if (l !== link) l.classList.remove("over"); });
    if (link && button(link)) { e.preventDefault(); link.classList.add("over"); }
  });
  addEventListener("drop", (e) => {
    const link = target(e), to = link && button(link);
    if (!to) return;
    e.preventDefault();
    const pick = dragged.querySelector("input[name=pick]");
    if (!pick.checked) document.querySelectorAll(".list input[name=pick]").forEach((b) => { b.checked = b === pick; });
    to.click();
  });

  // ---- after a row is gone the next one has the focus, not the top of the page
  let place = -1, last = 0; // undoing brings a row back where the last one went
  addEventListener("htmx:beforeRequest", (e) => {
    const row = document.querySelector(".row.here") || document.activeElement.closest(".row");
    place = !e.detail.elt.matches("form[action$='/act']") ? -1 : row ? [...document.querySelectorAll(".row")].indexOf(row) : e.detail.elt.closest(".toast") ? last : -1;
  });
  addEventListener("htmx:afterSettle", () => {
    if (place >= 0) last = place;
    if (place < 0 || document.activeElement !== document.body) return;
    const all = rows(), next = all[Math.min(place, all.length - 1)];
    if (next) next.focus({ preventScroll: false });
    place = -1;
  });
})();

"use strict";
// Holdover's own script. Every page works without it; it renews what is open, keeps the reader's
// place, and fits messages to their height.
(() => {
  const root = document.documentElement, main = () => document.getElementById("inhalt");
  root.classList.add("js");

  // What a person has set stays when an answer is merged into the page: ticks, open folds, heights.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === "checked" || (name === "open" && node.id) || (name === "style" && node.tagName === "IFRAME"));

  // ---- an answer leaves out what the page has already (data-same): it is put in again before the answer is merged. The page
  // must be the one that was asked from: what comes when the reader has gone on since is dropped: what was asked for last is shown last.
  const has = () => { const page = main()?.dataset; return page?.parts ? { "Holdover-Parts": page.state + page.parts } : {}; };
  const fits = (html) => { const base = /data-base="(\w+)"/.exec(html); return !base || base[1] === main()?.dataset.state; };
  const { morph } = Idiomorph;
  Idiomorph.morph = (old, now, config) => {
    for (const top of now) for (const gap of top.querySelectorAll("[data-same]")) {
      let part = document.getElementById(gap.id);
      for (let n = +gap.dataset.same; n && part; part = part.nextElementSibling) if (part.id) { gap.before(document.importNode(part, true)); n--; }
      gap.remove();
    }
    return morph(old, now, config);
  };
  addEventListener("htmx:configRequest", (e) => { if (!busy) Object.assign(e.detail.headers, has()); });
  let asked = 0, shown = 0;
  addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.turn < shown || !fits(detail.serverResponse)) { detail.shouldSwap = false; wanted = true; }
    if (detail.shouldSwap) shown = detail.xhr.turn;
  });

  // ---- messages: a frame is as high as its document; it has no scripts of its own
  const fit = (frame) => {
    const doc = frame.contentDocument;
    if (!doc || !doc.body || frame.src !== doc.URL) return;
    doc.addEventListener("toggle", frames, true); // a quote was unfolded: the listener is ours, added once
    frame.style.height = Math.min(doc.documentElement.offsetHeight + 2, 30000) + "px";
  };
  const frames = () => document.querySelectorAll(".paper-frame").forEach(fit);
  document.addEventListener("load", (e) => { if (e.target.className === "paper-frame") fit(e.target); }, true);
  addEventListener("resize", frames);
  document.addEventListener("toggle", frames, true);

  // ---- list: tick all, menus close
  addEventListener("change", (e) => {
    if (e.target.id === "all") document.querySelectorAll("input[name=pick][type=checkbox]").forEach((c) => { c.checked = e.target.checked; });
  });
  addEventListener("click", (e) => {
    document.querySelectorAll("details.menu[open], .band-more[open]").forEach((m) => { if (!m.contains(e.target)) m.open = false; });
    const box = e.target.closest && e.target.closest("[data-box]"); // a shared mailbox is folded or opened
    if (box) fetch("/view", { method: "POST", body: new URLSearchParams({ box: box.dataset.box, open: +!box.parentNode.open }) });
    const chosen = e.target.closest && e.target.closest("a, button");
    if (!chosen) return;
    const menu = chosen.closest("details.menu, .fold-s");
    if (menu) setTimeout(() => { menu.open = false; });
  });
  // an open menu covers what stands below it, some of it half: nobody hits that by mistake, the first click only closes
  addEventListener("toggle", () => {
    const open = document.querySelector("details.menu[open]");
    for (const e of document.querySelectorAll(".msg, .rows")) e.inert = !!open && !e.contains(open);
  }, true);
  // what is typed in the move menu leaves the folders that fit
  addEventListener("input", (e) => {
    if (e.target.name === "find") for (const b of e.target.parentNode.querySelectorAll("[name=to]")) b.hidden = b.value !== "new" && !(b.title || "").toLowerCase().includes(e.target.value.toLowerCase().trim());
  });
  addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    const menu = e.target.closest && e.target.closest("details.menu[open], .band-more[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // ---- going to another message: the subject is read first; the page starts at its top
  let going = false;
  addEventListener("htmx:beforeRequest", (e) => { if (e.detail.elt.matches("[hx-push-url]")) going = true; });
  addEventListener("htmx:afterSettle", () => {
    frames();
    if (!going) return;
    going = false;
    const read = document.getElementById("read"), title = document.getElementById("t");
    if (read) read.scrollTop = 0;
    if (matchMedia("(max-width: 47.99rem)").matches) scrollTo(0, 0);
    if (title) title.focus({ preventScroll: true });
  });

  // ---- the installed app; copies of drafts go when the server has what was submitted, and at sign-out
  if (navigator.serviceWorker && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});
  const submitted = () => {
    if (/[?&]done=/.test(location.search)) for (const name of Object.keys(sessionStorage))
      if (name.startsWith("draft:") && JSON.parse(sessionStorage.getItem(name)).gone) sessionStorage.removeItem(name);
  };
  addEventListener("pageshow", submitted);
  addEventListener("htmx:afterSettle", submitted);
  addEventListener("submit", (e) => { if (e.target.getAttribute("action") === "/sign-out") sessionStorage.clear(); });

  // ---- news: one stream for all tabs of this browser, led by whoever holds the lock. A request of
  // the reader's own goes first: what comes back too late is thrown away and asked for again.
  let last = 0, fresh = false, wanted = false, renewing = false, busy = 0;
  const renew = async () => {
    wanted = true;
    if (document.hidden || busy || renewing) return;
    renewing = true;
    try {
      while (wanted && !busy && !document.hidden && main() && main().dataset.live) {
        wanted = false;
        const { live, newest, state } = main().dataset;
        const answer = await fetch(live, { headers: { "HX-Request": "true", "Holdover-Passive": "1", "Holdover-State": state, ...has() } });
        if (answer.status === 401) location = answer.headers.get("HX-Redirect") || "/";
        const html = await answer.text(), now = main();
        if (answer.status === 204) continue; // nothing has changed
        if (!answer.ok) return;
        if (busy || !now || now.dataset.live !== live || !fits(html)) { wanted = true; continue; }
        htmx.swap(now, html, { swapStyle: now.dataset.swap || "morph:outerHTML", swapDelay: 0, settleDelay: 0 }, { contextElement: now });
        if (main().dataset.say && +main().dataset.newest > +newest) document.getElementById("say").textContent = main().dataset.say;
      }
    } catch { wanted = true; } finally { renewing = false; }
  };
  addEventListener("htmx:beforeRequest", ({ detail: { xhr } }) => { // afterRequest never comes from a form that has left the page
    busy++;
    xhr.turn = ++asked;
    xhr.addEventListener("loadend", () => { busy--; if (wanted || xhr.status === 204) renew(); });
  });
  // The first sign of a stream asks once for what came before it stood.
  const heard = (kind) => {
    if (kind === "lost") { fresh = false; return; }
    last = Date.now();
    if (kind !== "beat" || !fresh) { fresh = true; renew(); }
  };
  const tabs = new BroadcastChannel("holdover");
  tabs.onmessage = (e) => heard(e.data);
  const lead = () => new Promise(() => {
    const stream = new EventSource("/live"), tell = (kind) => { tabs.postMessage(kind); heard(kind); };
    for (const kind of ["beat", "mail", "event"]) stream.addEventListener(kind, () => tell(kind));
    stream.onerror = () => tell("lost");
  });
  if (main() && main().dataset.live) {
    if (navigator.locks) navigator.locks.request("holdover", lead);
    setInterval(() => { if (Date.now() - last > 55000) renew(); }, 60000);
    document.addEventListener("visibilitychange", () => { if (wanted) renew(); });
  }
})();

// Writing: the draft saves itself, colleagues are suggested, files are weighed before they travel.
// Without this script the form's own buttons do all of it.
(() => {
  const pause = 5000, shelf = sessionStorage, parts = ["to", "cc", "bcc", "subject", "text", "html", "version", "token"];
  let form, dirty = false, timer = 0, busy = null, stopped = false;

  // ---- a copy in this tab, only until the server has acknowledged
  const key = () => "draft:" + (form.dataset.draft || location.pathname + location.search);
  const at = () => form.getAttribute("action").match(/.*\/compose/)[0]; // in a shared mailbox: its own
  const field = (name) => form.elements.namedItem(name);
  const value = (name) => field(name)?.value ?? ""; // a form given back has no editor
  const state = () => Object.fromEntries(parts.map((name) => [name, value(name)]));
  const drop = () => shelf.removeItem(key());
  const say = (text) => { document.getElementById("saved").textContent = text; };

  const restore = () => {
    const copy = JSON.parse(shelf.getItem(key()) || "null"), now = state();
    if (!copy) return;
    if (parts.slice(0, 6).every((name) => copy[name] === now[name])) { drop(); return; }
    for (const name of parts) if (field(name)) field(name).value = copy[name];
    say(form.dataset.restored);
    touched();
    save(); // what was saved as the page was left has another version by now: asked with the same text, it is told
  };

  // ---- saving: one request at a time; it never touches focus or caret
  const touched = () => {
    dirty = true;
    shelf.setItem(key(), JSON.stringify(state()));
    if (!timer && !stopped) timer = setTimeout(save, pause);
  };

  // The server has what was sent: the draft's address and version are known, the copy in this tab is not needed.
  const acknowledged = (told) => {
    shelf.removeItem(key());
    field("version").value = told.version;
    form.dataset.draft = told.draft;
    form.setAttribute("action", at() + "/" + told.draft);
    history.replaceState(history.state, "", at() + "?draft=" + told.draft);
    if (dirty) shelf.setItem(key(), JSON.stringify(state()));
  };

  // Another window has changed the draft: told where it is seen, with the way to both versions.
  const clash = (text) => {
    const note = document.getElementById("clash");
    note.querySelector("p").textContent = text;
    note.hidden = false;
  };

  const post = async (f) => {
    const data = new FormData(f);
    data.delete("file");
    data.set("button", "save");
    say(f.dataset.saving);
    const keepalive = value("text").length + value("html").length < 2e4; // browsers carry 64 KiB beyond the page's end
    try {
      const answer = await fetch(f.getAttribute("action"), { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "manual", keepalive });
      const told = await answer.json();
      say(told.text);
      stopped = !!told.conflict;
      if (stopped) clash(told.text);
      if (!answer.ok) { dirty = true; return; }
      acknowledged(told);
    } catch {
      dirty = true;
      say(f.dataset.unsaved);
    }
  };

  const save = async () => {
    timer = 0;
    if (!form.isConnected || !dirty || busy || stopped) return;
    dirty = false;
    busy = post(form);
    await busy;
    busy = null;
    if (dirty && !timer && !stopped && form.isConnected) timer = setTimeout(save, pause);
  };

  // ---- files: what is too large is told before it is sent, beside what the draft has already
  const refuse = (text) => { const note = document.getElementById("large"); note.textContent = text; note.hidden = !text; };
  const tooLarge = (files) => {
    let room = +form.dataset.limit - [...document.querySelectorAll("#files [data-octets]")].reduce((sum, li) => sum + +li.dataset.octets, 0);
    const large = files.find((file) => (room -= file.size) < 0);
    refuse(large && form.dataset.large.replace("{Piece}", large.name).replace("{Size}", Math.ceil(large.size / 1048576) + " MB"));
    return large;
  };
  const weigh = (input) => {
    const files = [...input.files];
    if (tooLarge(files)) input.value = "";
    else if (files.length) upload(files, "file");
  };

  const renew = async (told) => {
    const page = await fetch(at() + "?draft=" + told.draft, { headers: { "Holdover-Passive": "1" } });
    const list = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("files");
    if (list) document.getElementById("files").replaceWith(list);
  };

  // Files travel with a bar, and the list of files is renewed; the text is not touched. Where that fails the form's own
  // button does it. Pictures of the editor go the same way; then is told where they are.
  const upload = async (files, name, then) => {
    if (tooLarge(files)) return;
    while (busy) await busy;
    const bar = document.getElementById("sending"), data = new FormData(form);
    data.delete("file");
    for (const file of files) data.append(name, file);
    data.set("button", "attach");
    dirty = false;
    bar.hidden = 0;
    busy = new Promise((done) => {
      const x = new XMLHttpRequest();
      x.open("POST", form.getAttribute("action"));
      x.setRequestHeader("Accept", "application/json");
      x.responseType = "json";
      x.upload.onprogress = (e) => { if (e.lengthComputable) document.getElementById("sent").value = e.loaded / e.total; };
      x.onloadend = () => done(x);
      x.send(data);
    });
    const answer = await busy;
    busy = null;
    bar.hidden = true;
    const told = answer.response;
    if (!told) { touched(); refuse(form.dataset.cut); return; } // the file stays chosen: the form itself can still send it
    document.getElementById("upload").value = "";
    if (told.draft) {
      acknowledged(told);
      if (!then || !told.pictures) await renew(told);
    }
    if (answer.status >= 400) refuse(told.text);
    say(told.text);
    if (then) then(told.pictures || []);
  };
  window.holdoverUpload = upload;

  // ---- suggestions: a click puts the address in place of the last piece
  const take = (button) => {
    const line = button.closest(".line"), input = line.querySelector("input");
    const head = input.value.slice(0, Math.max(input.value.lastIndexOf(","), input.value.lastIndexOf(";")) + 1);
    input.value = (head && head + " ") + button.dataset.take + ", ";
    line.querySelector(".sug").textContent = "";
    input.focus();
    touched();
  };

  // who writes on in another field has no use for them any more
  addEventListener("focusout", (e) => {
    const line = e.target.closest?.(".line"), box = line?.querySelector(".sug"), elsewhere = e.relatedTarget?.matches("input, textarea, select, [role=textbox]");
    if (box && elsewhere && !line.contains(e.relatedTarget)) setTimeout(() => { if (!line.contains(document.activeElement)) box.textContent = ""; }, 300);
  });

  // ---- the editor: its script is fetched when somebody wants it
  const editor = (focus) => {
    const box = document.getElementById("rich");
    if (window.holdoverEditor) { window.holdoverEditor(focus); return; }
    const script = document.createElement("script");
    script.src = box.dataset.script;
    script.onload = () => window.holdoverEditor(focus);
    document.head.append(script);
  };
  addEventListener("click", (e) => { if (form && e.target.closest && e.target.closest("[data-rich=start]")) editor(true); });

  // ---- files dropped or pasted anywhere on the form
  for (const event of ["dragover", "drop", "paste"]) addEventListener(event, (e) => {
    const from = e.dataTransfer || e.clipboardData;
    if (!form || !form.isConnected || !from || ![...from.types].includes("Files")) return;
    if (event === "paste" && from.getData("text/plain")) return; // text with its rendering, from a table or a word processor
    e.preventDefault();
    if (event === "dragover" || !from.files.length) return;
    const files = [...from.files];
    if (window.holdoverPictures && e.target.closest && e.target.closest("#editor") && files.every((f) => /^image\/\w+$/.test(f.type))) {
      window.holdoverPictures(files);
      return;
    }
    const input = document.getElementById("upload"), all = new DataTransfer();
    for (const file of from.files) all.items.add(file);
    input.files = all.files;
    weigh(input);
  }, true);

  addEventListener("input", (e) => { if (form && form.contains(e.target) && e.target.type !== "file") touched(); });
  addEventListener("change", (e) => { if (form && e.target.id === "upload") weigh(e.target); });
  addEventListener("click", (e) => {
    const button = form && e.target.closest && e.target.closest("[data-take]");
    if (button) take(button);
    const unwanted = form && e.target.closest && e.target.closest("[data-forget]");
    if (!unwanted) return;
    fetch("/addresses/forget", { method: "POST", body: new URLSearchParams({ address: unwanted.dataset.forget }), headers: { Accept: "application/json" } }).then((answer) => {
      if (!answer.ok) return;
      unwanted.closest(".line").querySelector("input").focus();
      unwanted.previousElementSibling.remove();
      unwanted.remove();
    });
  });
  addEventListener("submit", (e) => {
    if (e.target !== form) return;
    clearTimeout(timer);
    timer = 0;
    if (busy) {
      e.preventDefault();
      busy.then((upload) => { if (!upload || upload.status && upload.status < 400) form.requestSubmit(e.submitter); }); // not without its file
      return;
    }
    if (dirty) shelf.setItem(key(), JSON.stringify({ ...state(), gone: 1 }));
    dirty = false;
  });

  // A tab that is closed right after typing still saves; one that is just sending a file asks first.
  addEventListener("pagehide", () => { if (form && form.isConnected && dirty && !stopped) post(form); });
  addEventListener("beforeunload", (e) => { if (form && form.isConnected && !document.getElementById("sending").hidden) e.preventDefault(); });

  // What was submitted is acknowledged by the page that says so (app.js), or by a form that holds the same.
  const clear = (now) => {
    for (const name of Object.keys(shelf)) {
      const copy = name.startsWith("draft:") && JSON.parse(shelf.getItem(name));
      if (copy && copy.gone && parts.slice(0, 6).every((part) => copy[part] === now[part])) shelf.removeItem(name);
    }
  };

  const begin = () => {
    const found = document.getElementById("compose");
    if (!found || found === form) return;
    form = found;
    dirty = stopped = false;
    clear(state());
    if ("frozen" in form.dataset) { stopped = true; return; }
    restore();
    if (value("html")) editor(false);
  };
  addEventListener("htmx:afterSettle", begin);
  addEventListener("pageshow", (e) => { if (e.persisted && form) location.reload(); else begin(); });
  begin();
})();

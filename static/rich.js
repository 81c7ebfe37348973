// The editor: Squire in the place of the plain field, with our own buttons. What it makes and what is pasted into it
// passes DOMPurify here and the server's own policy there.
(() => {
  const allowed = ["a", "b", "blockquote", "br", "div", "em", "i", "img", "li", "ol", "p", "s", "strong", "u", "ul"];
  // The page's policy reports style and event attributes as soon as markup is parsed, though nothing of them acts. They go
  // before that, so that a report means something; what is safe is decided by DOMPurify.
  const calm = (html) => html.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/[\s"'/](style|on\w+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, " "));
  const clean = (html) => DOMPurify.sanitize(calm(html), { ALLOWED_TAGS: allowed, ALLOWED_ATTR: ["href", "src", "alt"], RETURN_DOM_FRAGMENT: true });
  // Pictures are those of the draft itself; any other would be fetched as soon as it stands on the page.
  DOMPurify.addHook("afterSanitizeAttributes", (n) => { if (n.nodeName === "IMG" && !/^\/(shared\/[^/]+\/)?compose\/[^/]+\/picture\//.test(n.getAttribute("src"))) n.remove(); });
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const lines = (text) => text.split("\n").map((l) => "<div>" + (escape(l) || "<br>") + "</div>").join("");
  const at = (id) => document.getElementById(id);
  const marks = { bold: ["b", "strong"], italic: ["i", "em"], underline: ["u"] };
  const blocks = { bullets: "UL", numbers: "OL", quote: "BLOCKQUOTE", link: "A" };

  window.holdoverEditor = (focus) => {
    const field = at("text"), hidden = at("html"), place = at("editor"), tools = at("rich-tools");
    place.hidden = tools.hidden = hidden.disabled = false;
    field.hidden = document.querySelector(".rich-start").hidden = true;
    const squire = new Squire(place, { blockTag: "DIV", sanitizeToDOMFragment: clean, addLinks: false });
    squire.setHTML(hidden.value || lines(field.value.replace(/\s+$/, "")));
    const keep = () => { hidden.value = squire.getHTML(); hidden.dispatchEvent(new Event("input", { bubbles: true })); };
    const show = () => tools.querySelectorAll("[aria-pressed]").forEach((b) => {
      const what = b.dataset.rich, path = squire.getPath();
      b.setAttribute("aria-pressed", String(marks[what] ? marks[what].some((tag) => squire.hasFormat(tag)) : new RegExp("(^|>)" + blocks[what] + "\\b").test(path)));
    });
    squire.addEventListener("input", keep);
    for (const event of ["pathChange", "select", "cursor"]) squire.addEventListener(event, show);
    const flip = (on, off, tag) => (new RegExp("(^|>)" + tag + "\\b").test(squire.getPath()) ? squire[off]() : squire[on]());
    // ---- pictures: sent as a part of the draft, put where the caret was, described by the person
    let image = null;
    const describe = (img) => {
      image = img;
      at("rich-alt").hidden = !img;
      if (img) at("rich-describe").value = img.alt;
    };
    const insert = (pictures) => {
      for (const p of pictures) describe(squire.insertImage(p.url, { alt: "" }));
      keep();
      if (image) at("rich-describe").focus();
    };
    window.holdoverPictures = (files) => window.holdoverUpload(files, "picture", insert);
    place.addEventListener("click", (e) => describe(e.target.nodeName === "IMG" ? e.target : null));
    at("rich-describe").addEventListener("input", (e) => { if (image) { image.alt = e.target.value; keep(); } });
    at("rich-file").onchange = (e) => { window.holdoverPictures([...e.target.files]); e.target.value = ""; };
    const act = {
      bold: () => (squire.hasFormat("b") ? squire.removeBold() : squire.bold()),
      italic: () => (squire.hasFormat("i") ? squire.removeItalic() : squire.italic()),
      underline: () => (squire.hasFormat("u") ? squire.removeUnderline() : squire.underline()),
      bullets: () => flip("makeUnorderedList", "removeList", "UL"),
      numbers: () => flip("makeOrderedList", "removeList", "OL"),
      quote: () => flip("increaseQuoteLevel", "decreaseQuoteLevel", "BLOCKQUOTE"),
      link: () => {
        if (squire.hasFormat("a")) return squire.removeLink();
        const line = at("rich-link");
        line.hidden = !line.hidden;
        if (!line.hidden) at("rich-url").focus();
      },
      picture: () => at("rich-file").click(),
      described: () => { describe(null); squire.focus(); },
      setlink: () => {
        const url = at("rich-url").value.trim();
        at("rich-link").hidden = true;
        squire.focus();
        if (/^(https?:\/\/|mailto:)\S+$/i.test(url)) squire.makeLink(url);
        at("rich-url").value = "";
      },
      plain: () => {
        field.value = place.innerText.replace(/\u00a0/g, " ").trimEnd();
        hidden.value = "";
        window.holdoverPictures = null;
        describe(null);
        squire.destroy();
        place.textContent = "";
        place.hidden = tools.hidden = true;
        field.hidden = document.querySelector(".rich-start").hidden = false;
        tools.replaceWith(tools.cloneNode(true)); // its listeners go with it
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.focus();
      },
    };
    tools.addEventListener("mousedown", (e) => { if (e.target.closest("button")) e.preventDefault(); }); // the selection stays
    tools.addEventListener("click", (e) => {
      const button = e.target.closest("[data-rich]");
      if (!button) return;
      act[button.dataset.rich]();
      if (!["plain", "link", "picture"].includes(button.dataset.rich)) { squire.focus(); keep(); show(); }
    });
    const enter = (id, then) => at(id).addEventListener("keydown", (e) => { if (e.key === "Enter") { e.preventDefault(); then(); keep(); } });
    enter("rich-url", act.setlink);
    enter("rich-describe", act.described);
    if (focus) { squire.moveCursorToStart(); squire.focus(); }
  };
})();

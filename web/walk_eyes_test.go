package web

// sticking finds what is to be seen and sticks out of the window; the other expressions begin with it.
const sticking = `
const shown = e => e.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && !e.closest(".vh, .skip, [hidden]");
const name = e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + "." + [...e.classList].join(".") + " " + (e.textContent.trim() || e.getAttribute("aria-label") || "").replace(/\s+/g, " ").slice(0, 40);
// What sticks out inside something that scrolls by itself, or is cut there on purpose, does not make the page scroll.
const inside = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible") return true; return false };
const right = [...document.querySelectorAll("body *")].filter(e => { const r = e.getBoundingClientRect();
  return shown(e) && r.width > 1 && (r.right > innerWidth + 1 || r.left < -1) && !inside(e) && !e.closest(".menu > div") }).map(name);
if (document.documentElement.scrollWidth > innerWidth + 1) right.push("the page scrolls to " + document.documentElement.scrollWidth + " for " + [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(name).slice(0, 3));
if (innerWidth >= 1000 && document.querySelector("body.app > .panes, body.app > .desk") && document.documentElement.scrollHeight > innerHeight + 1) right.push("the page scrolls down beside its panes");`

// stickingOut is what sticks out of the window; it is looked at again at other widths.
const stickingOut = `(() => {` + sticking + `return right.slice(0, 5) })()`

// targeting are the elements that people hit, and their boxes.
const targeting = `
// A target's box: its own, its label's, or what its ::after covers.
const box = e => { let r = e.getBoundingClientRect();
  for (const l of e.labels || []) { const o = l.getBoundingClientRect(); if (o.height >= r.height && o.width * o.height > r.width * r.height) r = o }
  const after = getComputedStyle(e, "::after");
  if (after.position === "absolute" && after.content !== "none") { let p = e; while (p && getComputedStyle(p).position === "static") p = p.parentElement; if (p) r = p.getBoundingClientRect() }
  return r };
// A link in a line of text is exempt: its line decides how high it is.
const inline = e => e.tagName === "A" && getComputedStyle(e).display === "inline" && e.parentElement.textContent.trim() !== e.textContent.trim();
const targets = [...document.querySelectorAll("a[href], button, summary, select, textarea, input:not([type=hidden])")].filter(e => shown(e) && !e.matches("[tabindex='-1']") && !inline(e) && !e.closest(".holdover-print article > div"));`

// eyes is what the walk sees of a page, in one expression. Its parts:
// right: sticks out of the window; small: under 24 CSS px (WCAG 2.5.8); low: under 44 px high on a phone;
// clipped: words that their button does not show; text: all that is said, also to those who only hear it;
// moving: animations that run; astray: a skip link that skips nothing.
const eyes = `(() => {` + sticking + targeting + `
const small = targets.filter(e => { const r = box(e); return r.width < 23.9 || r.height < 23.9 }).map(e => name(e) + " " + Math.round(box(e).width) + "x" + Math.round(box(e).height));
const low = innerWidth > 500 ? [] : targets.filter(e => box(e).height < 43.5).map(e => name(e) + " " + Math.round(box(e).height));
const words = e => { const range = document.createRange(); range.selectNodeContents(e); return range.getBoundingClientRect() };
const clipped = [...document.querySelectorAll("button, a.btn, summary, .badge, .chip, th, label, .desk-nav a, .folders a")].filter(e => { if (!shown(e)) return false;
  const r = e.getBoundingClientRect(), s = getComputedStyle(e);
  if (s.overflow !== "visible") return e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1;
  return [...e.childNodes].some(n => { if (n.nodeType !== 3 || !n.data.trim()) return false; const t = document.createRange(); t.selectNode(n); const o = t.getBoundingClientRect();
    return o.width > 1 && (o.left < r.left - 1 || o.right > r.right + 1 || o.top < r.top - 2 || o.bottom > r.bottom + 2) }) }).map(name);
const said = [document.title, document.body.innerText];
for (const e of document.querySelectorAll("[aria-label], [title], [placeholder], [alt], .vh")) said.push(e.getAttribute("aria-label") || "", e.getAttribute("title") || "", e.getAttribute("placeholder") || "", e.getAttribute("alt") || "", e.matches(".vh") ? e.textContent : "");
// The skip link leads behind the folders.
const skip = location.pathname.startsWith("/storybook") ? null : document.querySelector(".skip"), beyond = skip && document.getElementById(skip.hash.slice(1));
const astray = skip && (!beyond || beyond.querySelector("nav.folders") && beyond.contains(document.querySelector("nav.folders"))) ? [skip.hash] : [];
const moving = document.getAnimations().filter(a => a.playState === "running" && a.effect.getComputedTiming().duration > 10).map(a => name(a.effect.target));
return { right: right.slice(0, 5), small: small.slice(0, 5), low: low.slice(0, 5), clipped: clipped.slice(0, 5), text: said.join("\n"), moving, astray }
})()`

// seen is what eyes answers.
type seen struct {
	Right, Small, Low, Clipped, Moving, Astray []string
	Text                                       string
}

// underBars are targets that have the focus and are not to be seen, because a bar that stays in place lies over all of
// them: each is put to the lower edge of the window and then reached as by the keyboard (WCAG 2.4.11).
const underBars = `(() => {` + sticking + targeting + `
const bars = [...document.querySelectorAll("body *")].filter(e => /sticky|fixed/.test(getComputedStyle(e).position) && shown(e));
if (!bars.length) return [];
for (const d of document.querySelectorAll(".bar details[open]")) d.open = false; // what somebody opened there may lie over the rest
const was = document.activeElement, top = scrollY, over = x => bars.some(b => b.contains(x));
const covered = targets.filter(e => { if (over(e)) return false;
  scrollTo(0, scrollY + e.getBoundingClientRect().bottom - innerHeight); e.focus();
  if (document.activeElement !== e) return false;
  const r = box(e), points = [[.5, .5], [.02, .02], [.98, .02], [.02, .98], [.98, .98]].map(([x, y]) => document.elementFromPoint(r.left + r.width * x, r.top + r.height * y));
  return points.every(x => x === null || over(x)) }).map(name);
was?.focus?.({ preventScroll: true }); if (was === document.body) document.activeElement.blur(); scrollTo(0, top);
return covered.slice(0, 5) })()`

// judge runs axe-core's rules of WCAG 2.0 to 2.2, levels A and AA, and on pages its best practices (landmarks, order of headings),
// which mean nothing of a component by itself. The document of a message in its frame is the sender's; nothing plays.
const judge = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"].concat(location.pathname.startsWith("/storybook/") ? [] : "best-practice"), iframes: false, preload: false, resultTypes: ["violations", "incomplete"], elementRef: false })
  .then(r => { const key = n => [...n.any, ...n.all, ...n.none].map(c => c.data && c.data.messageKey || c.id)[0] || "";
    const list = (rules, why) => rules.flatMap(v => v.nodes.map(n => [v.id, n.target.join(" "), n.html.replace(/\s+/g, " ").slice(0, 140), why(n)]));
    return { violations: list(r.violations, n => (n.failureSummary || "").replace(/\s+/g, " ").slice(0, 200)), incomplete: list(r.incomplete, key) } })`

// judged is what axe answers: rule, selector, markup, reason.
type judged struct{ Violations, Incomplete [][]string }

// The service worker keeps style sheet, script and one page for the moment without a network. It never
// keeps a page with mail. What stands above this line in the answer is written by the server: CACHE, FILES, WORDS.
addEventListener("install", (e) => e.waitUntil(caches.open(CACHE).then((c) => c.addAll(FILES)).then(() => skipWaiting())));
addEventListener("activate", (e) => e.waitUntil(caches.keys()
  .then((names) => Promise.all(names.filter((n) => n !== CACHE).map((n) => caches.delete(n)))).then(() => clients.claim())));
addEventListener("fetch", (e) => {
  const { request } = e, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") e.respondWith(fetch(request).catch(() => caches.match("/offline")));
  else if (FILES.includes(url.pathname) && url.pathname !== "/offline") e.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
});
// A push says how many messages came and in which language to say so. No text of a mail crosses the push service.
addEventListener("push", (e) => {
  let said = {};
  try { said = e.data.json(); } catch { /* an empty push is news too */ }
  const words = WORDS[said.lang] || WORDS.de, text = said.n > 1 ? words.many.replace("{N}", said.n) : words.one;
  e.waitUntil(clients.matchAll({ type: "window", includeUncontrolled: true }).then((open) =>
    open.some((c) => c.focused) && !said.test ? undefined : registration.showNotification(words.title, { body: said.test ? words.test : text, tag: "mail", renotify: true })));
});
addEventListener("notificationclick", (e) => {
  e.notification.close();
  e.waitUntil(clients.matchAll({ type: "window" }).then((open) => (open[0] ? open[0].navigate("/mail/inbox").then((c) => c && c.focus()) : clients.openWindow("/mail/inbox"))));
});

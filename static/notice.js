// Notifications: asked for by a click only, and only where browser and administrator allow them.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const show = (box, state) => box.querySelectorAll("[data-when]").forEach((part) => { part.hidden = !part.dataset.when.split(" ").includes(state); });
  const tell = (path, subscription) => fetch(path, { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ endpoint: subscription.endpoint, p256dh: subscription.toJSON().keys.p256dh, auth: subscription.toJSON().keys.auth }) });
  const ready = async (box) => {
    if (!navigator.serviceWorker || !window.PushManager || !window.Notification) return show(box, "unable");
    if (Notification.permission === "denied") return show(box, "denied");
    const worker = await navigator.serviceWorker.ready, old = await worker.pushManager.getSubscription();
    show(box, old ? "on" : "off");
  };
  addEventListener("click", async (e) => {
    const button = e.target.closest && e.target.closest("[data-push]");
    if (!button) return;
    const box = button.closest("[data-key]");
    try {
      const manager = (await navigator.serviceWorker.ready).pushManager, old = await manager.getSubscription();
      if (button.dataset.push === "off" && old) { await tell("/notices/off", old); await old.unsubscribe(); }
      if (button.dataset.push === "on") {
        const fresh = await manager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(box.dataset.key) });
        if (!(await tell("/notices/on", fresh)).ok) { await fresh.unsubscribe(); return show(box, "failed"); }
      }
      await ready(box);
    } catch { show(box, Notification.permission === "denied" ? "denied" : "failed"); }
  });
  const box = document.querySelector("[data-key]");
  if (box) ready(box);
})();

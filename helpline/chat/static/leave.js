// Hides the chat: the quick exit, and the blank page after 30 s out of sight or offline.

const OUT_OF_SIGHT = 30_000;
const BETWEEN_SHIFTS = 3000;
const framed = window.parent !== window;
const exit = document.body.dataset.exit;

/** Leaves at once and for good. `drop()` forgets the token and returns it, or "". */
export function leave(drop) {
  document.body.replaceChildren();
  const token = drop();
  const body = new URLSearchParams({ token, quiet: "1" });
  if (!navigator.sendBeacon("/exit", body)) {
    fetch("/exit", { method: "POST", body, keepalive: true }).catch(() => {});
  }
  if (framed) window.parent.postMessage("waymark:leave", "*");
  else window.location.replace(exit);
}

/** Calls `go` on the button, on Shift three times, and when the page around a frame says so. */
export function watchForLeaving(form, go) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  let shifts = 0;
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    const now = performance.now();
    shifts = event.key !== "Shift" ? 0 : now - last > BETWEEN_SHIFTS ? 1 : shifts + 1;
    last = now;
    if (shifts === 3) go();
  });
  window.addEventListener("message", (event) => {
    const known = document.body.dataset.website.split(" ");
    const ours = framed && event.source === window.parent && known.includes(event.origin);
    if (ours && event.data === "waymark:leave") go();
  });
}

/**
 * Blanks the page when it was hidden or offline for 30 s, when it is left, and when it is come
 * back to through the history. What was there is held aside, still filled, until "Continue"; offline,
 * the one word "Numbers" stays.
 */
export function watchForHiding(page, { hidden, isOpen }) {
  let timer = 0;
  let since = 0;
  let focus = null;

  const blank = document.createElement("div");
  blank.className = "blank";
  const button = document.createElement("button");
  button.id = "go-on";
  button.type = "button";
  button.textContent = "Continue";
  blank.append(button);
  const numbers = document.getElementById("numbers");
  const header = numbers.parentElement;

  function hide() {
    if (!page.isConnected) return;
    focus = page.contains(document.activeElement) ? document.activeElement : null;
    page.replaceWith(blank);
    numbers.open = false;
    if (!navigator.onLine) blank.append(numbers); // then this page is the only way to them
  }
  function watch() {
    const away = document.hidden || !navigator.onLine;
    if (away && !since) {
      since = Date.now();
      timer = setTimeout(hide, OUT_OF_SIGHT);
    } else if (!away && since) {
      if (Date.now() - since >= OUT_OF_SIGHT) hide();
      clearTimeout(timer);
      since = 0;
    }
  }
  button.addEventListener("click", () => {
    if (!blank.isConnected) return;
    header.append(numbers);
    blank.replaceWith(page);
    focus?.focus();
    clearTimeout(timer);
    since = 0;
    watch();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hidden();
    watch();
  });
  window.addEventListener("online", watch);
  window.addEventListener("offline", watch);
  window.addEventListener("pagehide", hide);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && !isOpen()) window.location.reload();
  });
  if (isOpen() && performance.getEntriesByType("navigation")[0]?.type === "back_forward") hide();
  watch();
}

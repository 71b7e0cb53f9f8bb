// Puts a launcher for the chat on the charity's own website; the chat itself stays in its frame.

(() => {
  const chat = new URL(document.currentScript.src).origin;
  const exit = "EXIT_ADDRESS";
  const place = {
    position: "fixed", right: "16px", bottom: "16px", zIndex: "2147483647", font: "16px system-ui, sans-serif",
  };
  const round = {
    minWidth: "88px", minHeight: "48px", padding: "8px 20px", border: "0", borderRadius: "24px",
    background: "#2b3641", color: "#fff", font: "inherit", fontWeight: "600", cursor: "pointer",
  };

  const holder = document.createElement("div");
  Object.assign(holder.style, place);
  const button = document.createElement("button");
  button.type = "button";
  Object.assign(button.style, round);
  holder.append(button);
  let frame = null;

  function label() {
    button.textContent = frame ? "Close chat" : "Chat";
    button.setAttribute("aria-expanded", String(frame !== null));
  }

  function open() {
    frame = document.createElement("iframe");
    frame.src = `${chat}/`;
    frame.title = "Chat";
    frame.referrerPolicy = "no-referrer";
    Object.assign(frame.style, {
      display: "block", width: "min(400px, calc(100vw - 32px))", border: "1px solid #8a97a4",
      height: "min(640px, calc(100vh - 96px))", borderRadius: "16px", marginBottom: "8px", background: "#fff",
    });
    holder.prepend(frame);
    frame.focus();
    label();
  }

  function toggle() {
    if (!frame) return open();
    const hidden = frame.style.display === "none";
    frame.style.display = hidden ? "block" : "none";
    button.textContent = hidden ? "Close chat" : "Chat";
    button.setAttribute("aria-expanded", String(hidden));
    if (hidden) frame.focus();
  }

  button.addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && frame && frame.style.display !== "none") {
      toggle();
      button.focus();
    }
  });
  window.addEventListener("message", (event) => {
    if (event.origin !== chat || event.source !== frame?.contentWindow) return;
    if (event.data === "waymark:leave") window.location.replace(exit);
  });
  label();
  document.body.append(holder);
})();

// Around the end of a chat: the steps that step.html has as pages, in the page itself. The words
// and forms stand in a template; what is shown of them is gone from the page when it is closed.

import { patiently } from "./patience.js";

const panel = document.getElementById("after");
const steps = document.getElementById("steps-after").content;
const menu = document.getElementById("menu");
const back = document.getElementById("back");

/** Shows a chat as begun: its menu, and no way into another one. */
export function begunHere() {
  menu.hidden = false;
  back?.remove();
}

/**
 * Makes the menu, the way back with a code, and the forms they lead to work. `chat` has:
 * call(method, path, body), drop() which forgets the token, clear() which empties the page,
 * come(token), ready() before the page is written in again.
 */
export function watchAfter(chat) {
  let opener = null;

  function show(name) {
    const step = steps.querySelector(`[data-step="${name}"]`).cloneNode(true);
    panel.replaceChildren(step);
    panel.hidden = false;
    panel.scrollTop = 0;
    step.querySelector("h2").focus();
    return step;
  }

  function close() {
    if (panel.hidden) return;
    panel.replaceChildren();
    panel.hidden = true;
    (opener?.isConnected && !opener.hidden ? opener : document.getElementById("text")).focus();
    chat.ready();
  }

  async function open(name) {
    if (panel.hidden) opener = document.activeElement;
    const step = show(name);
    const asked = step.querySelector(".asked");
    if (!asked) return;
    const send = step.querySelector("[value=answer]");
    if (send) send.hidden = true;
    try {
      const response = await chat.call("GET", "/api/conversation/feedback");
      if (!response.ok || !(await response.json()).questions.length) return;
      asked.replaceChildren(...steps.querySelector("#questions").cloneNode(true).children);
      if (send) send.hidden = false;
    } catch {
      // Without an answer nothing is asked: the chat can be ended all the same.
    }
  }

  function answers(form) {
    const given = {};
    for (const choice of form.querySelectorAll("input[type=radio]:checked")) {
      if (choice.value) given[choice.name] = choice.value;
    }
    return given;
  }

  function say(form, text) {
    form.querySelector(".problem").textContent = text;
  }

  function waiting(form) {
    say(form, "Many are trying just now. Please wait, it goes on by itself.");
  }

  const still = (form) => () => form.isConnected;

  const acts = {
    async "end-now"(form) {
      let response = await chat.call("POST", "/api/conversation/end", { answers: answers(form) });
      if (response.status === 409) response = await chat.call("POST", "/api/conversation/end", {});
      if (!response.ok && response.status !== 401) return response;
      over("thanks");
    },
    async "delete-now"() {
      const response = await chat.call("DELETE", "/api/conversation");
      if (!response.ok && response.status !== 401) return response;
      over("gone");
    },
    async "code-now"(form) {
      const make = () => chat.call("POST", "/api/conversation/return-code", {});
      const response = await patiently(make, () => waiting(form), still(form));
      if (!response.ok) return response;
      const { code } = await response.json();
      if (form.isConnected) show("words").querySelector(".code").textContent = code;
    },
    async answer(form) {
      const given = { answers: answers(form) };
      const response = await chat.call("POST", "/api/conversation/feedback", given);
      if (!response.ok && response.status !== 409) return response;
      form.remove();
      panel.querySelector("h2").focus();
    },
    async "back-now"(form) {
      const box = form.querySelector("[name=code]");
      if (!box.value.trim()) {
        say(form, "Write the six words of your code.");
        box.focus();
        return;
      }
      const send = () => chat.call("POST", "/api/conversations/return", { code: box.value });
      const response = await patiently(send, () => waiting(form), still(form));
      if (!response.ok) {
        box.setAttribute("aria-invalid", "true");
        box.focus();
        return response;
      }
      const { token } = await response.json();
      if (!form.isConnected) return;
      chat.come(token);
      close();
    },
  };

  function over(name) {
    chat.drop();
    chat.clear();
    menu.hidden = true;
    show(name);
  }

  async function act(form, button) {
    const buttons = [...form.querySelectorAll("button")];
    for (const each of buttons) each.disabled = true;
    say(form, "");
    try {
      const refused = await acts[button.value](form);
      if (refused) say(form, (await refused.json()).error.message);
    } catch {
      say(form, "Not done: no connection. Please try again.");
    }
    for (const each of buttons) each.disabled = false;
  }

  menu.addEventListener("submit", (event) => {
    event.preventDefault();
    open("menu");
  });
  document.querySelector("#over form").addEventListener("submit", (event) => {
    event.preventDefault();
    open("over");
  });
  back?.addEventListener("click", (event) => {
    event.preventDefault();
    open("back");
  });
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    const { target: form, submitter: button } = event;
    if (form.matches(".to-chat")) close();
    else if (button.value in acts) act(form, button);
    else open(button.value);
  });
  panel.addEventListener("click", (event) => {
    const link = event.target.closest("a.new");
    if (!link || !panel.querySelector("[data-step=back]")) return;
    event.preventDefault(); // the chat has not begun: nothing to load anew
    close();
  });
  document.addEventListener("keydown", (event) => {
    const last = panel.querySelector("[data-step=thanks], [data-step=gone]");
    if (event.key === "Escape" && !panel.hidden && !last) close();
  });
  return { close };
}

// Builds what is seen out of text, node by node: nothing that was written is ever read as HTML.

import { pieces, unbroken } from "./numbers.js";
import { arrived } from "./scroll.js";
import { begun } from "./start.js";

const NOT_NOW = "Not now"; // the title of the service's button that wants no helper
const log = document.getElementById("log");
let who = "Helper";
let owner = "assistant";
let typingTimer = 0;

function make(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
}

function textOf(message) {
  const text = make("p", "text");
  text.dir = "auto";
  for (const piece of pieces(message.text)) {
    if (piece.address) {
      const link = make("a", "", unbroken(piece.text));
      link.href = piece.address;
      text.append(link);
    } else text.append(piece.text);
  }
  return text;
}

/** True when the event of this number is on the page already. */
export const shown = (number) => log.querySelector(`[data-number="${number}"]`) !== null;

// What has no number yet stays at the end, in the order it was written.
function place(node, number) {
  if (!number) return log.append(node);
  node.dataset.number = number;
  const later = (other) => !other.dataset.number || Number(other.dataset.number) > number;
  const next = [...log.children].find((other) => other !== node && later(other));
  log.insertBefore(node, next ?? null);
}

function cardOf(message) {
  const card = make("details", "bubble card");
  card.open = true;
  const summary = make("summary");
  summary.append(make("span", "closed", "Numbers"), make("span", "opened", "Hide"));
  const call = make("a", "call", "Call 999");
  call.href = "tel:999";
  card.append(summary, call, textOf(message));
  card.append(make("p", "small", "Calls and texts may show in recent calls and messages."));
  card.addEventListener("click", (event) => {
    if (card.open && !event.target.closest("a, summary")) card.open = false;
  });
  return card;
}

function bubbleOf(message) {
  const bubble = make("div", "bubble theirs");
  const names = { assistant: "Computer: ", worker: `${who}: `, service: "Chat: " };
  bubble.append(make("p", "unseen", names[message.from]), textOf(message));
  return bubble;
}

function choicesOf(message, tap) {
  const group = make("div", "choices");
  group.role = "group";
  group.ariaLabel = "Answers";
  for (const choice of message.buttons) {
    const button = make("button");
    button.type = "button";
    button.append(make("bdi", "", choice.title));
    button.addEventListener("click", () => tap(choice));
    group.append(button);
  }
  return group;
}

/** Shows a message of the helpline, in its place; `tap(choice)` is called for its buttons. */
export function showTheirs(message, tap) {
  typing(false);
  const entry = make("div", message.from === "worker" ? "entry worker" : "entry");
  entry.append(message.card ? cardOf(message) : bubbleOf(message));
  if (message.buttons.length) entry.append(choicesOf(message, tap));
  place(entry, message.number);
  spend();
  arrived();
}

/** Shows a message of the young person; returns how to say what has become of it. */
export function showMine(text) {
  const bubble = make("div", "bubble mine");
  const words = make("p", "text");
  words.dir = "auto";
  words.append(make("span", "unseen", "You: "), text);
  const state = make("p", "sent");
  bubble.append(words, state);
  place(bubble, 0);
  begun();
  spend();
  return {
    sending() {
      state.textContent = "Sending";
    },
    kept(number) {
      state.textContent = "Sent";
      if (shown(number) && bubble.dataset.number !== String(number)) bubble.remove();
      else place(bubble, number);
      spend();
    },
    later() {
      state.textContent = "Not sent yet. It goes by itself.";
    },
    failed(retry) {
      const again = make("button", "again", "Not sent. Try again");
      again.type = "button";
      again.addEventListener("click", retry);
      state.replaceChildren(again);
    },
    refused(why) {
      bubble.classList.add("refused");
      spend();
      state.replaceChildren(make("span", "wrong", `Not sent. ${why}`));
    },
  };
}

// Only what was offered since the young person's last own message can be tapped; while a worker has
// the chat, only what they offered.
function spend() {
  const own = [...log.querySelectorAll(".mine:not(.refused)")].at(-1);
  for (const group of log.querySelectorAll(".choices")) {
    const before = own && group.compareDocumentPosition(own) & Node.DOCUMENT_POSITION_FOLLOWING;
    const theirs = owner === "worker" && group.parentNode.matches(".worker");
    const closed = (owner === "worker" || owner === "ended") && !theirs;
    for (const button of group.querySelectorAll("button")) {
      button.disabled = closed || Boolean(before);
    }
  }
}

/** Folds the cards where `text` is the no of a button that was shown. */
export function answered(text) {
  const titles = [...log.querySelectorAll(".choices button")].map((one) => one.textContent);
  if (text === NOT_NOW && titles.includes(text)) fold();
}

/** Folds every emergency card to the one word "Numbers". */
export function fold() {
  for (const card of log.querySelectorAll(".card")) card.open = false;
  document.getElementById("numbers")?.removeAttribute("open");
}

/** Takes in a state event and returns its sentence. */
export function sentence(state) {
  owner = state.owner;
  spend();
  if (state.owner === "queue") {
    return state.position ? `You are number ${state.position} in line.` : "A helper is being asked.";
  }
  if (state.owner === "worker") {
    who = state.worker || "Helper";
    return `${state.worker || "A helper"} is here.`;
  }
  return state.owner === "ended" ? "This chat has ended." : "";
}

/** Adds a quiet line to the messages: a change of `owner`. */
export function note(text, number, owner) {
  place(make("p", `note ${owner}`, text), number);
  arrived();
}

/** Takes everything that was said off the page. */
export function clear() {
  clearTimeout(typingTimer);
  log.replaceChildren();
  document.getElementById("status").textContent = "";
}

/** Shows or removes "Typing", which goes by itself after 6 s. */
export function typing(on) {
  clearTimeout(typingTimer);
  log.querySelector(".typing")?.remove();
  if (!on) return;
  const bubble = make("div", "bubble theirs typing");
  bubble.append(make("p", "dots", "Typing…"));
  log.append(bubble);
  typingTimer = setTimeout(() => typing(false), 6000);
}

// Builds what is seen out of text, node by node: nothing that was written is ever read as HTML.

import { pieces } from "./numbers.js";

const log = document.getElementById("log");
const no = /^(?:no|not now)\b/i;
let who = "Helper";
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
      const link = make("a", "", piece.text);
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
  card.append(make("summary", "", "Numbers"), textOf(message));
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
  const entry = make("div", "entry");
  entry.append(message.card ? cardOf(message) : bubbleOf(message));
  if (message.buttons.length) entry.append(choicesOf(message, tap));
  place(entry, message.number);
}

/** Shows a message of the young person; returns how to say what has become of it. */
export function showMine(text) {
  const bubble = make("div", "bubble mine");
  const words = make("p", "text");
  words.dir = "auto";
  words.append(make("span", "unseen", "You: "), text);
  const state = make("p", "kept");
  bubble.append(words, state);
  place(bubble, 0);
  return {
    sending() {
      state.textContent = "Sending";
    },
    kept(number) {
      state.textContent = "Kept";
      if (shown(number) && bubble.dataset.number !== String(number)) bubble.remove();
      else place(bubble, number);
    },
    failed(retry) {
      const again = make("button", "again", "Not sent. Try again");
      again.type = "button";
      again.addEventListener("click", retry);
      state.replaceChildren(again);
    },
    refused(why) {
      state.replaceChildren(make("span", "wrong", `Not sent. ${why}`));
    },
  };
}

/** Spends the latest open choice with this title; folds every card after a no. */
export function answered(title) {
  const groups = [...log.querySelectorAll(".choices")].reverse();
  const open = groups.find((group) =>
    [...group.children].some((button) => button.textContent === title && !button.disabled));
  for (const button of open?.children ?? []) button.disabled = true;
  if (no.test(title)) fold();
  return open;
}

/** Gives the choices back after a tap that could not be kept. */
export function unanswered(group) {
  for (const button of group?.children ?? []) button.disabled = false;
}

/** Folds every emergency card to the one word "Numbers". */
export function fold() {
  for (const card of log.querySelectorAll(".card")) card.open = false;
  document.getElementById("numbers")?.removeAttribute("open");
}

/** The sentence for a state event; also remembers the helper's name. */
export function sentence(state) {
  if (state.owner === "queue") {
    return state.position ? `You are number ${state.position} in line.` : "You are in line for a helper.";
  }
  if (state.owner === "worker") {
    who = state.worker || "Helper";
    return `${state.worker || "A helper"} is here.`;
  }
  return state.owner === "ended" ? "This chat has ended." : "";
}

/** Adds a quiet line to the messages; returns it. */
export function note(text, number) {
  const line = make("p", "note", text);
  place(line, number);
  return line;
}

/** The way to a new chat; `before` is called when it is taken. */
export function wayToStartAgain(before) {
  const link = make("a", "", "Start a new chat");
  link.href = "/";
  link.addEventListener("click", before);
  return link;
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

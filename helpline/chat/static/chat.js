// The young person's page with script: sends, shows what comes, and never keeps more than a token.

import { begunHere, watchAfter } from "./after.js";
import { follow } from "./stream.js";
import { leave, watchForHiding, watchForLeaving } from "./leave.js";
import { arrived, toEnd } from "./scroll.js";
import { askIfSafe, begun } from "./start.js";
import { patiently } from "./patience.js";
import * as view from "./view.js";

const LONGEST = 2000;
const PATIENCE = 15_000;
const say = document.getElementById("say");
const box = document.getElementById("text");
const send = document.getElementById("send");
const problem = document.getElementById("problem");
const status = document.getElementById("status");
const person = document.getElementById("person");
const stop = document.getElementById("stop");

let token = stored();
let stream = null;
let owner = "assistant";
let line = "";
let lost = false;
let starting = null;
let left = false;
let queue = Promise.resolve();
let typedAt = 0;
const waiting = []; // what this tab has sent and not yet seen kept

function stored() {
  try {
    return sessionStorage.getItem("chat") ?? "";
  } catch {
    return ""; // storage is closed to a frame in some browsers: the token lives in memory
  }
}

function hold(value) {
  token = value;
  if (value) begunHere();
  try {
    if (value) sessionStorage.setItem("chat", value);
    else sessionStorage.removeItem("chat");
  } catch {
    // As above.
  }
}

function drop() {
  const dropped = token;
  left = true;
  stream?.stop();
  hold("");
  return dropped;
}

function tell() {
  status.textContent = lost ? "Connection lost. Trying again." : line;
}

function gone() {
  drop();
  window.location.replace("/");
}

function listen(after) {
  stream = follow(token, after, {
    event: take,
    gone,
    lost() {
      lost = true;
      tell();
    },
    back() {
      lost = false;
      tell();
    },
  });
}

function take(event) {
  if (event.type === "typing") view.typing(true);
  else if (event.type === "state") takeState(event);
  else if (event.from === "young_person") takeMine(event);
  else if (!view.shown(event.number)) view.showTheirs(event, tap);
}

function takeState(event) {
  owner = event.owner;
  line = view.sentence(event);
  tell();
  if (view.shown(event.number)) return;
  if (owner === "worker" || owner === "ended") view.note(line, event.number, owner);
  say.hidden = box.disabled = send.disabled = owner === "ended";
  // Being in the queue without a place: a helper was told, nobody was asked for.
  const placed = owner === "queue" && event.position !== null;
  person.hidden = placed || (owner !== "assistant" && owner !== "queue");
  stop.hidden = !placed;
}

function takeMine(event) {
  if (view.shown(event.number)) return;
  const sent = waiting.find((one) => one.text === event.text);
  if (sent) return settle(sent, event.number);
  const bubble = view.showMine(event.text);
  bubble.kept(event.number);
  view.answered(event.text);
  arrived();
}

function settle(sent, number) {
  forget(sent);
  sent.bubble.kept(number);
}

function forget(sent) {
  const at = waiting.indexOf(sent);
  if (at >= 0) waiting.splice(at, 1);
}

const stays = () => !left;
const call = (path, body) => ask("POST", path, body);

async function ask(method, path, body) {
  return fetch(path, {
    method,
    headers: {
      ...(body && { "Content-Type": "application/json" }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
}

async function start(waits) {
  const response = await patiently(() => call("/api/conversations", {}), waits, stays);
  if (!response.ok) throw new Error("not started");
  const { token: made, events } = await response.json();
  hold(made);
  listen(Math.max(0, ...events.map((event) => event.number)));
}

async function started(waits) {
  if (!token) await (starting ??= start(waits).finally(() => (starting = null)));
}

async function deliver(sent) {
  if (!waiting.includes(sent)) return;
  sent.bubble.sending();
  try {
    await started(sent.bubble.later);
    const send = () => call("/api/conversation/messages", sent.body);
    const response = await patiently(send, sent.bubble.later, stays);
    if (response.ok) return settle(sent, (await response.json()).number);
    if (response.status === 401) return gone();
    if (response.status === 429 || response.status >= 500) throw new Error("later");
    const { error } = await response.json();
    forget(sent);
    sent.bubble.refused(error.message);
  } catch {
    // The stream may have shown it as kept while the answer to the send was lost.
    if (waiting.includes(sent)) sent.bubble.failed(() => post(sent));
  }
}

function post(sent) {
  queue = queue.then(() => deliver(sent));
}

function put(text, body) {
  const sent = { text, body: { id: crypto.randomUUID(), ...body }, bubble: view.showMine(text) };
  sent.bubble.sending();
  toEnd();
  waiting.push(sent);
  post(sent);
}

function tap(choice) {
  view.answered(choice.title);
  put(choice.title, { button: choice.id });
}

function tooLong() {
  const over = [...box.value].length - LONGEST;
  problem.textContent = over > 0
    ? `A message has at most 2,000 characters. Please take out ${over}.` : "";
  box.setAttribute("aria-invalid", String(over > 0));
  return over > 0;
}

say.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = box.value;
  if (box.disabled || !text.trim() || tooLong()) return box.focus();
  put(text, { text });
  box.value = "";
  box.focus();
});

const notYet = () => (problem.textContent = "Not sent yet. It goes by itself.");

person.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  begun();
  toEnd();
  try {
    await started(notYet);
    const asks = () => call("/api/conversation/handoff", {});
    const response = await patiently(asks, notYet, stays);
    if (response.status === 401) return gone();
    if (!response.ok) throw new Error("later");
    problem.textContent = "";
  } catch {
    problem.textContent = "Not sent. Please tap Talk to a person again.";
  }
});

stop.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  try {
    const leaves = () => ask("DELETE", "/api/conversation/handoff");
    const response = await patiently(leaves, notYet, stays);
    if (response.status === 401) return gone();
    if (!response.ok) throw new Error("later");
    problem.textContent = "";
  } catch {
    problem.textContent = "Not sent. Please tap Stop waiting again.";
  }
});

box.addEventListener("input", () => {
  tooLong();
  if (!token || owner !== "worker" || Date.now() - typedAt < 3000) return;
  typedAt = Date.now();
  call("/api/conversation/typing", {}).catch(() => {});
});

box.addEventListener("keydown", (event) => {
  const touch = window.matchMedia("(pointer: coarse)").matches;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
  event.preventDefault();
  say.requestSubmit();
});

window.addEventListener("online", () => stream?.now());
window.addEventListener("offline", () => stream?.cut());

document.querySelector("#over a").addEventListener("click", drop);
watchAfter({
  call: ask,
  drop,
  clear: view.clear,
  come(value) {
    hold(value);
    begun();
    listen(0);
  },
  ready: toEnd,
});
askIfSafe(() => box.focus());
watchForLeaving(document.getElementById("leave"), () => leave(drop));
watchForHiding(document.getElementById("page"), { hidden: view.fold, isOpen: () => token !== "" });
if (token) {
  begun();
  begunHere();
  listen(0);
}

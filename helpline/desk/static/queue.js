// Both lists of the desk: clocks, who is new, what is unread, and new danger in a chat that is held.
import { find } from './page.js';
import { notify, soft, tone } from './sound.js';

const loudest = 4;
const grave = 3;

// Clocks and the count in the title
const waited = (seconds) => {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
let drawn = Date.now();
export const refresh = () => htmx.trigger(document.body, 'refresh');
const tick = () => {
  const passed = Math.floor((Date.now() - drawn) / 1000);
  let late = false;
  for (const clock of document.querySelectorAll('[data-seconds]')) {
    const seconds = Number(clock.dataset.seconds) + passed;
    clock.textContent = waited(seconds);
    const row = clock.closest('[data-waiting-row]');
    late ||= seconds === 61 && !row.dataset.late;
  }
  if (late) refresh();
};
setInterval(tick, 1000);

// A new level 4: sound and a spoken sentence, never what was written
const inDanger = () =>
  [...document.querySelectorAll(`[data-waiting-row][data-level="${loudest}"]`)].map((row) => row.dataset.waitingRow);
let known = new Set(inDanger());
// Anybody else who waits, or writes in a chat of mine that is out of sight: one soft tone
const waits = () => [...document.querySelectorAll('[data-waiting-row]')].map((row) => row.dataset.waitingRow);
let waiting = new Set(waits());
const comes = () => {
  const now = waits();
  if (now.some((conversation) => !waiting.has(conversation))) {
    find('#announce').textContent = 'New in the queue.';
    notify('Somebody is waiting in the queue.');
    soft();
  }
  waiting = new Set(now);
};
export const drawQueue = () => {
  drawn = Date.now();
  const now = inDanger();
  if (now.some((conversation) => !known.has(conversation))) {
    find('#announce').textContent = 'New in the queue: immediate danger.';
    notify('New in the queue: immediate danger.');
    tone();
    waiting = new Set(waits());
  } else comes();
  known = new Set(now);
  compareLevels();
  markOpen();
};
setInterval(() => (known.size || raised.size) && tone(), 20000);
export const markOpen = () => {
  const open = find('#chat').dataset.conversation;
  for (const link of document.querySelectorAll('[data-mine]')) {
    if (link.dataset.mine === open) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
    link.querySelector('.raised-mark').hidden = !raised.has(link.dataset.mine);
    markUnread(link, open);
  }
  const strip = find('#raised');
  if (strip) strip.hidden = !raised.has(open);
  const other = [...raised].find((conversation) => conversation !== open);
  find('#elsewhere').hidden = !other;
  if (other) find('#elsewhere a').href = `/desk/chat/${other}`;
  const counted = Number(find('#summary').dataset.waiting) + raised.size;
  document.title = counted ? `(${counted}) Desk` : 'Desk';
};

// What has come in a chat of mine since it was last open here, or since I last wrote in it
const read = new Map();
const told = new Map();
const markUnread = (link, open) => {
  const { mine, count, unheard } = link.dataset;
  if (mine === open || !read.has(mine)) read.set(mine, mine === open ? Number(count) : Number(count) - Number(unheard));
  const fresh = Number(count) - read.get(mine);
  const mark = link.querySelector('.new-mark');
  // Told once for each message: the row itself is drawn anew whenever the queue changes
  if (fresh > 0 && Number(count) > (told.get(mine) ?? 0)) {
    told.set(mine, Number(count));
    notify('New message in a chat that you hold.');
    soft();
  }
  mark.hidden = fresh <= 0;
  mark.textContent = `${fresh} new`;
};

// New danger in a chat that this worker holds: its row's level rose, or a grave message came after
// the last that was seen. It stays raised until the worker says so, or has written
const raised = new Set();
const levels = new Map();
const seenDanger = new Map();
const raise = (conversation) => {
  raised.add(conversation);
  find('#announce').textContent = 'New sign of danger in a chat that you hold.';
  notify('New sign of danger in a chat that you hold.');
  tone();
};
export const compareLevels = () => {
  const mine = new Map([...document.querySelectorAll('[data-mine]')].map((link) => [link.dataset.mine, link.dataset]));
  for (const [conversation, row] of mine) {
    const level = Number(row.level);
    if (level >= grave && level > (levels.get(conversation) ?? level) && !raised.has(conversation)) raise(conversation);
    levels.set(conversation, level);
    compareDanger(conversation, row);
  }
  for (const conversation of [...levels.keys()].filter((held) => !mine.has(held))) {
    for (const known of [levels, seenDanger, rung, raised]) known.delete(conversation);
  }
};
const rung = new Map();
export const compareDanger = (conversation, { danger, heard }) => {
  if (!seenDanger.has(conversation)) seenDanger.set(conversation, Number(heard) || Number(danger));
  if (Number(danger) > Math.max(seenDanger.get(conversation), rung.get(conversation) ?? 0)) {
    rung.set(conversation, Number(danger));
    raise(conversation);
  }
};
export const seen = () => {
  const { conversation } = find('#chat').dataset;
  seenDanger.set(conversation, Number(find('#raised').dataset.danger));
  raised.delete(conversation);
  markOpen();
};

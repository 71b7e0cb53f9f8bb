// The open chat: its draft, its end, its panel, typing both ways, and sending.
import { find, post } from './page.js';
import { compareDanger, drawQueue, markOpen, seen } from './queue.js';

const drafts = new Map();
export const box = () => find('#box');
const near = (pane) => pane.scrollHeight - pane.scrollTop - pane.clientHeight < 120;
export const toEnd = () => {
  const pane = find('#transcript');
  if (pane) pane.scrollTop = pane.scrollHeight;
  find('.newer')?.remove();
};
const tidyOutbox = () => {
  for (const item of document.querySelectorAll('#outbox [data-number]')) {
    if (document.getElementById(`m-${item.dataset.number}`)) item.remove();
  }
};
let wasNear = true;
let drawnLine = find('#messages')?.lastElementChild;
let shownChat = find('#chat').dataset.conversation;
document.addEventListener('htmx:beforeSwap', (event) => {
  const pane = find('#transcript');
  if (event.detail.target.id === 'messages') wasNear = !pane || near(pane);
  const chat = find('#chat');
  if (box() && event.detail.target === chat) drafts.set(chat.dataset.conversation, box().value);
});
document.addEventListener('htmx:afterSettle', (event) => {
  // htmx tells of every element that it put in, and of the one it put them in
  if (event.target.id === 'queue') drawQueue();
  else if (event.target.id === 'chat' || event.target.id === 'messages') drawChat(event.target.id === 'messages');
});
const drawChat = (appended) => {
  const chat = find('#chat');
  const { conversation } = chat.dataset;
  tidyOutbox();
  if (find('#raised')) compareDanger(conversation, find('#raised').dataset);
  markOpen();
  const lastLine = find('#messages')?.lastElementChild;
  const more = lastLine !== drawnLine;
  drawnLine = lastLine;
  if (appended && !more) return;
  if (appended) {
    find('#typing').textContent = '';
    if (wasNear) toEnd();
    else offerNewer();
    return;
  }
  offerRecord();
  const kept = drafts.get(conversation);
  if (box() && !box().disabled && kept && !box().value) box().value = kept;
  toEnd();
  if (conversation !== shownChat || document.activeElement === document.body) {
    (box() && !box().disabled ? box() : chat).focus();
  }
  shownChat = conversation;
};
const offerNewer = () => {
  if (find('.newer')) return;
  const button = document.createElement('button');
  button.className = 'newer primary';
  button.type = 'button';
  button.textContent = 'New messages ↓';
  button.addEventListener('click', toEnd);
  find('#transcript').append(button);
};

// The panel beside the chat stays as it is while its chat is drawn again
document.addEventListener('htmx:oobBeforeSwap', (event) => {
  const { target, fragment } = event.detail;
  if (target.id !== 'panel') return;
  const next = fragment.querySelector('#panel');
  const same = target.dataset.conversation && next?.dataset.conversation === target.dataset.conversation;
  if (same) event.detail.shouldSwap = false;
});
document.addEventListener('htmx:afterSwap', (event) => {
  if (event.detail.target.id !== 'panel-body') return;
  event.detail.target.scrollTop = 0;
  if (event.detail.target.querySelector('#breaking')) markTab('breaking');
});
// When a chat has ended its record is next; who writes in a form already is left in peace
let recorded = '';
const offerRecord = () => {
  const { conversation, ended } = find('#chat').dataset;
  if (!ended || recorded === conversation) return;
  recorded = conversation;
  if (!find('#panel-body form[data-saves]')) find('[data-tool-tab="record"]')?.click();
};
export const markTab = (name) => {
  for (const tab of document.querySelectorAll('[data-tool-tab]')) {
    if (tab.dataset.toolTab === name) tab.setAttribute('aria-current', 'true');
    else tab.removeAttribute('aria-current');
  }
};
document.addEventListener('click', (event) => {
  const tab = event.target.closest('[data-tool-tab]');
  if (!tab) return;
  // On a narrow screen the panel is folded: a tab opens it, the open tab folds it again
  const folds = find('#panel').classList.contains('unfolded') && tab.getAttribute('aria-current');
  find('#panel').classList.toggle('unfolded', !folds);
  markTab(tab.dataset.toolTab);
});
document.addEventListener('htmx:load', (event) => event.detail.elt.id === 'panel' && markTab('brief'));
export const openTab = (name) => {
  const tab = find(`[data-tool-tab="${name}"]`);
  if (!tab) return;
  tab.click();
  find('#panel-body').focus();
};

document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-seen]')) return;
  seen();
  (box() && !box().disabled ? box() : find('#chat')).focus();
});

// Typing, both ways
let typingEnds = 0;
document.addEventListener('htmx:sseMessage', (event) => {
  if (event.target.id !== 'typing') return;
  clearTimeout(typingEnds);
  typingEnds = setTimeout(() => { const line = find('#typing'); if (line) line.textContent = ''; }, 6000);
  const pane = find('#transcript');
  if (near(pane)) toEnd();
});
let typingSent = 0;
document.addEventListener('input', (event) => {
  if (event.target.id !== 'box' || !event.target.value.trim() || Date.now() - typingSent < 3000) return;
  typingSent = Date.now();
  post(`${find('#composer').dataset.url}/typing`, '').catch(() => {});
});

// Sending: Sending, Kept, or Not sent with another try under the same id
let turn = Promise.resolve();
const outgoing = (text) => {
  const [item, who, said] = ['li', 'div', 'div'].map((name) => document.createElement(name));
  item.className = 'line from-worker';
  who.className = 'who';
  who.setAttribute('role', 'status');
  said.className = 'said';
  said.dir = 'auto';
  said.textContent = text;
  item.append(who, said);
  find('#outbox').append(item);
  return item;
};
const show = (item, state, text) => {
  const label = document.createElement('span');
  label.className = state;
  label.textContent = text;
  item.firstChild.replaceChildren(label);
  return label;
};
const send = async (url, id, text, item) => {
  show(item, 'sending', 'Sending');
  let reason = 'Not sent: no connection.';
  try {
    const answer = await post(`${url}/messages`, JSON.stringify({ id, text }));
    const told = await answer.json();
    if (answer.ok) {
      item.dataset.number = told.number;
      if (find('#raised') && find('#composer')?.dataset.url === url) seen();
      show(item, 'kept', 'Kept');
      tidyOutbox();
      const more = find('#more');
      if (more) htmx.trigger(more, 'fetch');
      return;
    }
    reason = `Not sent. ${told.error?.message ?? ''}`;
  } catch {
    // A lost connection and an answer that is no JSON are told alike: nothing is known to be kept.
  }
  const again = document.createElement('button');
  again.type = 'button';
  again.textContent = 'Try again';
  again.addEventListener('click', () => { turn = turn.then(() => send(url, id, text, item)); });
  show(item, 'failed', reason).append(again);
};
document.addEventListener('submit', (event) => {
  if (event.target.id !== 'composer') return;
  event.preventDefault();
  const text = box().value;
  if (!text.trim() || box().disabled) return;
  const item = outgoing(text);
  const { url } = event.target.dataset;
  box().value = '';
  drafts.delete(find('#chat').dataset.conversation);
  toEnd();
  turn = turn.then(() => send(url, crypto.randomUUID(), text, item));
  box().focus();
});

// What htmx leaves to the desk, put together. It decides nothing about who may see what.
import { box, markTab, toEnd } from './chat.js';
import './keys.js';
import { find, post } from './page.js';
import { compareDanger, compareLevels, markOpen, refresh } from './queue.js';
import { notify, tone, wakeSound } from './sound.js';

// The connection
const connection = (state, text) => {
  const shown = find('#connection');
  shown.dataset.state = state;
  shown.textContent = text;
  find('#offline').hidden = state !== 'lost';
};
document.addEventListener('htmx:sseOpen', () => {
  connection('live', 'Live');
  refresh();
});
document.addEventListener('htmx:sseError', () => connection('lost', 'Reconnecting…'));
addEventListener('beforeunload', (event) => box()?.value.trim() && event.preventDefault());
addEventListener('pageshow', (event) => event.persisted && location.reload());

// Whether somebody sits here: a page that nobody touches signs out after 15 minutes, and asks before
let touched = Date.now();
const touch = () => {
  if (Date.now() - touched > 60000) post('/desk/active', '').catch(() => {});
  touched = Date.now();
};
for (const kind of ['pointerdown', 'keydown']) document.addEventListener(kind, touch);
setInterval(() => {
  if (Date.now() - touched < 13 * 60000 || find('dialog[open]')) return;
  find('#idle-dialog').showModal();
  notify('Are you still here?');
  tone();
}, 5000);

markTab('brief');

// A browser that remembers an earlier click here lets the sound on at once
wakeSound();
compareLevels();
if (find('#raised')) compareDanger(find('#chat').dataset.conversation, find('#raised').dataset);
markOpen();
toEnd();
find('#composer > fieldset')?.removeAttribute('disabled');

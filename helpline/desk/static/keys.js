// Windows that ask once more, and single keys.
import { box, openTab } from './chat.js';
import { find } from './page.js';

find('#sign-out').addEventListener('submit', (event) => {
  // A chat that was just taken is open here before the list of mine shows it
  const open = find('#chat').dataset;
  const mine = new Set([...document.querySelectorAll('[data-mine]')].map((link) => link.dataset.mine));
  if (open.held) mine.add(open.conversation);
  const held = mine.size;
  if (!held || event.submitter?.id === 'sign-out-now') return;
  event.preventDefault();
  find('#sign-out-held').textContent = held === 1 ? 'You hold a chat.' : `You hold ${held} chats.`;
  find('#sign-out-dialog').showModal();
});
find('#break').addEventListener('click', () => find('#break-dialog').showModal());
find('#break-now').addEventListener('click', () => { find('#presence-say').value = 'break'; });
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-dialog], [data-close], [data-fill]');
  if (!button) return;
  if (button.dataset.dialog) document.getElementById(button.dataset.dialog).showModal();
  else if (button.dataset.fill) {
    box().value = button.dataset.fill;
    box().focus();
  } else button.closest('dialog').close();
});
const step = (by) => {
  const mine = [...document.querySelectorAll('[data-mine]')];
  if (!mine.length) return;
  const at = mine.findIndex((link) => link.getAttribute('aria-current'));
  mine[(at + by + mine.length) % mine.length].click();
};
const keys = {
  t: () => find('#queue [id^="take-"]')?.focus(),
  m: () => find('[data-mine]')?.focus(),
  w: () => box()?.focus(),
  r: () => find('#transcript')?.focus(),
  b: () => openTab('brief'),
  n: () => openTab('notes'),
  f: () => openTab('record'),
  p: () => find('#pass-on')?.click(),
  e: () => find('[data-dialog="end-dialog"]')?.click(),
  j: () => step(1),
  k: () => step(-1),
  h: () => find('#presence-say').focus(),
  '?': () => find('#keys-dialog').showModal(),
};
document.addEventListener('keydown', (event) => {
  const writing = event.target.matches('input:not([type="checkbox"]), textarea, select');
  if (event.target.id === 'box' && event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    find('#composer').requestSubmit();
  } else if (event.key === 'Escape' && writing) {
    find('#chat').focus();
  } else if (!writing && !event.ctrlKey && !event.metaKey && !event.altKey && find('#keys-on').checked && !find('dialog[open]') && keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

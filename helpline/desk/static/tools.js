// The tools beside an open chat: search by keyboard, and words into the message box. It sends nothing.
const box = () => document.querySelector('#box');
const toolOf = (element) => element.closest('[data-tool]');
const visible = (element) => element.checkVisibility();
const findField = () => [...document.querySelectorAll('[data-tool] [data-find]')].find(visible);

// Told to who reads and to who listens: what was found, sent or saved
const tell = (tool, text) => {
  const line = tool?.querySelector('[data-told]');
  if (line) line.textContent = text;
};
document.addEventListener('told', (event) => tell([...document.querySelectorAll('[data-tool]')].find(visible), event.detail.value));

// Use: the words go to the end of what is written already, to be changed there. … is where to write on
const use = (button) => {
  const field = box();
  const tool = toolOf(button);
  if (!field || field.disabled) {
    tell(tool, field ? field.placeholder : 'You cannot write in this chat.');
    tool.querySelector('[data-told]').classList.remove('unseen');
    return;
  }
  const before = field.value.trimEnd();
  const start = before ? `${before}\n\n` : '';
  const whole = start + button.dataset.use;
  if (whole.length > field.maxLength) {
    tell(tool, 'That makes your message too long.');
    tool.querySelector('[data-told]').classList.remove('unseen');
    return;
  }
  field.value = whole;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.focus();
  const gap = whole.indexOf('…', start.length);
  if (gap < 0) field.setSelectionRange(whole.length, whole.length);
  else field.setSelectionRange(gap, gap + 1);
  field.scrollTop = field.scrollHeight;
};
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-use]');
  if (button) use(button);
});

// Enter takes the first that was found; what is still being looked for is waited for
let entered = false;
const found = (tool) => tool.querySelector('[data-found]');
const upToDate = (tool, field) => found(tool).dataset.found.trim() === field.value.trim();
const takeFirst = (tool) => {
  entered = false;
  const first = tool.querySelector('[data-item]');
  if (!first) return;
  if (tool.dataset.enter === 'use') use(first);
  else {
    first.closest('details').open = true;
    (first.closest('details').querySelector('[data-use]') ?? first).focus();
  }
};
document.addEventListener('htmx:afterSettle', (event) => {
  // htmx tells of every element that it put in, or of the one it put them in
  const tool = event.target.closest('[data-tool]') ?? event.target.querySelector('[data-tool]');
  if (!tool) return;
  if (tool.querySelector('[data-draft]')) keepDraft(tool);
  if (wanted && findField()) focusFind();
  const field = tool.querySelector('[data-find]');
  const list = found(tool);
  if (!field || !list) return;
  if (event.target === list) tell(tool, `${list.dataset.count} found`);
  if (entered && upToDate(tool, field)) takeFirst(tool);
});

// Arrows go through what was found
const move = (item, step) => {
  const tool = toolOf(item);
  const items = [...tool.querySelectorAll('[data-item]')].filter(visible);
  const next = items[items.indexOf(item) + step];
  if (next) next.focus();
  else if (step < 0) tool.querySelector('[data-find]')?.focus();
};
let wanted = false;
const focusFind = () => {
  wanted = false;
  const field = findField();
  field.focus();
  field.select?.();
};
document.addEventListener('keydown', (event) => {
  const { target, key } = event;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
  if (!plain) return;
  if (target.matches('input[data-find]') && key === 'Enter') {
    event.preventDefault();
    if (upToDate(toolOf(target), target)) takeFirst(toolOf(target));
    else {
      entered = true;
      target.form.requestSubmit();
    }
  } else if (target.matches('input[data-find]') && key === 'ArrowDown') {
    event.preventDefault();
    toolOf(target).querySelector('[data-item]')?.focus();
  } else if (target.matches('[data-item]') && (key === 'ArrowDown' || key === 'ArrowUp')) {
    event.preventDefault();
    move(target, key === 'ArrowDown' ? 1 : -1);
  } else if (key === '/' && !target.matches('input:not([type="checkbox"]), textarea, select') && document.querySelector('#keys-on')?.checked && !document.querySelector('dialog[open]')) {
    const tab = document.querySelector('[data-tool-tab="replies"]');
    if (!findField() && !tab) return;
    event.preventDefault();
    if (findField()) focusFind();
    else {
      wanted = true;
      tab.click();
    }
  }
});
document.addEventListener('input', (event) => {
  if (event.target.matches('[data-find]')) entered = false;
});

// A note that is half written is kept while other tabs and chats are open; in memory only
const drafts = new Map();
const keepDraft = (tool) => {
  const field = tool.querySelector('[data-draft]');
  const kept = drafts.get(tool.dataset.notes);
  if (kept && !field.value) field.value = kept;
};
document.addEventListener('input', (event) => {
  if (event.target.matches('[data-draft]')) drafts.set(toolOf(event.target).dataset.notes, event.target.value);
});
document.addEventListener('htmx:beforeSwap', (event) => {
  const { target, requestConfig, xhr } = event.detail;
  if (target.id !== 'tool-notes' || requestConfig.verb !== 'post' || xhr.status >= 400) return;
  if (requestConfig.elt.querySelector('[data-draft]')) drafts.delete(target.dataset.notes);
});

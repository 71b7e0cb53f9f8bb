// What htmx leaves to the desk: sending, sound, clocks, windows and keys. It decides nothing about who may see what.
const find = (selector) => document.querySelector(selector);
const csrf = find('meta[name="csrf-token"]').content;
const loudest = 4;
const grave = 3;

// Clocks and the count in the title
const waited = (seconds) => {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
let drawn = Date.now();
const refresh = () => htmx.trigger(document.body, 'refresh');
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

// Sound: three short tones for danger, a soft one for all else, made here. A browser lets a page sound after a click or a key only
let audio = null;
let muted = false;
let sounded = 0;
const hearable = () => !muted && audio?.state === 'running';
const play = (notes, loud) => {
  if (!hearable() || Date.now() - sounded < 1500) return;
  sounded = Date.now();
  for (const [pitch, start] of notes) {
    const [source, volume] = [audio.createOscillator(), audio.createGain()];
    const at = audio.currentTime + start;
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(loud, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.18);
    source.connect(volume).connect(audio.destination);
    source.start(at);
    source.stop(at + 0.2);
  }
};
const tone = () => play([[880, 0], [660, 0.22], [880, 0.44]], 0.3);
const soft = () => play([[520, 0]], 0.15);
const drawSound = () => {
  find('#sound').textContent = hearable() ? 'Sound: on' : 'Sound: off';
  find('#sound-off').hidden = hearable();
};
const wakeSound = async () => {
  if (!audio) {
    audio = new AudioContext();
    audio.addEventListener('statechange', drawSound);
  }
  await audio.resume();
  drawSound();
};
const setSound = async (on) => {
  muted = !on;
  drawSound();
  if (!on) return;
  await wakeSound();
  testSound();
};
// Whoever says that they are here is asked whether they hear it, and may be told by the system too
const testSound = () => {
  sounded = 0;
  tone();
  if (!find('dialog[open]')) find('#sound-dialog').showModal();
  if ('Notification' in window && Notification.permission === 'default') Notification.requestPermission();
};
const notify = (text) => {
  if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return;
  const shown = new Notification('Helpline desk', { body: text, tag: 'waymark-desk' });
  shown.addEventListener('click', () => { focus(); shown.close(); });
};
const gesture = (event) => {
  if (!muted && !hearable() && !event.target.closest('#sound, #sound-on')) wakeSound();
};
document.addEventListener('pointerup', gesture);
document.addEventListener('keydown', gesture);
find('#sound').addEventListener('click', () => setSound(!hearable()));
find('#sound-on').addEventListener('click', () => setSound(true));
find('#sound-again').addEventListener('click', () => { sounded = 0; tone(); });
find('#not-heard').addEventListener('click', () => problem('You will not hear when somebody is in danger. Turn the sound of this computer up, or keep this page in sight.'));
find('#presence').addEventListener('change', (event) => event.target.value === 'here' && setSound(true));
find('#break').addEventListener('click', () => find('#break-dialog').showModal());
find('#break-now').addEventListener('click', () => { find('#presence-say').value = 'break'; });

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
const drawQueue = () => {
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
const markOpen = () => {
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
const compareLevels = () => {
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
const compareDanger = (conversation, { danger, heard }) => {
  if (!seenDanger.has(conversation)) seenDanger.set(conversation, Number(heard) || Number(danger));
  if (Number(danger) > Math.max(seenDanger.get(conversation), rung.get(conversation) ?? 0)) {
    rung.set(conversation, Number(danger));
    raise(conversation);
  }
};
const seen = () => {
  const { conversation } = find('#chat').dataset;
  seenDanger.set(conversation, Number(find('#raised').dataset.danger));
  raised.delete(conversation);
  markOpen();
};
document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-seen]')) return;
  seen();
  (box() && !box().disabled ? box() : find('#chat')).focus();
});

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

// Errors: one sentence in place
const problem = (text) => {
  const sentence = document.createElement('p');
  sentence.textContent = text;
  find('#problem').replaceChildren(...(text ? [sentence] : []));
};
document.addEventListener('htmx:beforeSwap', (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && xhr.getResponseHeader('HX-Retarget')) event.detail.shouldSwap = true;
});
document.addEventListener('htmx:responseError', (event) => {
  if (!event.detail.xhr.getResponseHeader('HX-Retarget')) problem('That did not work. Try again.');
});
document.addEventListener('htmx:beforeRequest', (event) => {
  if (event.detail.requestConfig.verb === 'post' && event.target.matches('button')) problem('');
});
const lostPost = (event) => event.target.matches('button') && problem('No connection: nothing was changed. Try again.');
document.addEventListener('htmx:sendError', lostPost);
document.addEventListener('htmx:timeout', lostPost);

// The open chat
const drafts = new Map();
const box = () => find('#box');
const near = (pane) => pane.scrollHeight - pane.scrollTop - pane.clientHeight < 120;
const toEnd = () => {
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
// When a chat has ended its record is next
let recorded = '';
const offerRecord = () => {
  const { conversation, ended } = find('#chat').dataset;
  if (!ended || recorded === conversation) return;
  recorded = conversation;
  find('[data-tool-tab="record"]')?.click();
};
const markTab = (name) => {
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
const openTab = (name) => {
  const tab = find(`[data-tool-tab="${name}"]`);
  if (!tab) return;
  tab.click();
  find('#panel-body').focus();
};
const step = (by) => {
  const mine = [...document.querySelectorAll('[data-mine]')];
  if (!mine.length) return;
  const at = mine.findIndex((link) => link.getAttribute('aria-current'));
  mine[(at + by + mine.length) % mine.length].click();
};

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
const post = (url, body) =>
  fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-Token': csrf },
    body,
    signal: AbortSignal.timeout(10000),
  });
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

// Windows and keys
find('#sign-out').addEventListener('submit', (event) => {
  const held = document.querySelectorAll('[data-mine]').length;
  if (!held || event.submitter?.id === 'sign-out-now') return;
  event.preventDefault();
  find('#sign-out-held').textContent = held === 1 ? 'You hold a chat.' : `You hold ${held} chats.`;
  find('#sign-out-dialog').showModal();
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-dialog], [data-close], [data-fill]');
  if (!button) return;
  if (button.dataset.dialog) document.getElementById(button.dataset.dialog).showModal();
  else if (button.dataset.fill) {
    box().value = button.dataset.fill;
    box().focus();
  } else button.closest('dialog').close();
});
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

markTab('brief');

// A browser that remembers an earlier click here lets the sound on at once
wakeSound();
compareLevels();
if (find('#raised')) compareDanger(find('#chat').dataset.conversation, find('#raised').dataset);
markOpen();
toEnd();
find('#composer > fieldset')?.removeAttribute('disabled');

// Forms that save themselves as they are typed. Htmx posts them; this says when, and what became of it.
const QUIET = 1500; // after the last key
const LONGEST = 4000; // while somebody goes on typing
const AGAIN = 5000; // after a lost connection

const states = new WeakMap();
const stateOf = (form) => {
  if (!states.has(form)) states.set(form, { edits: 0, sent: 0, kept: 0, since: 0, timer: 0, turn: 0 });
  return states.get(form);
};
const isDirty = (form) => stateOf(form).edits !== stateOf(form).kept;
const forms = () => [...document.querySelectorAll('form[data-saves]')];
const formOf = (element) => element?.closest?.('form[data-saves]');

const say = (form, text) => {
  const line = form.querySelector('[data-unsaved]');
  if (line.textContent !== text) line.textContent = text;
};
const save = (form) => {
  clearTimeout(stateOf(form).timer);
  if (form.isConnected) htmx.trigger(form, 'save');
};
const later = (form, wait) => {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), wait);
};
const edited = (form, now) => {
  const state = stateOf(form);
  state.edits += 1;
  state.since ||= Date.now();
  later(form, now ? 0 : Math.max(0, Math.min(QUIET, state.since + LONGEST - Date.now())));
};
document.addEventListener('input', (event) => {
  const form = formOf(event.target);
  if (form) edited(form, false);
});
document.addEventListener('change', (event) => {
  const form = formOf(event.target);
  if (form) edited(form, true);
});
// A browser shows the caret of a box that Tab reaches; the bar with the buttons may lie over it
document.addEventListener('focusin', (event) => {
  if (event.target.matches('form.filled textarea')) event.target.scrollIntoView({ block: 'nearest' });
});
document.addEventListener('submit', (event) => {
  if (!event.target.matches('form[data-saves]') || event.submitter?.matches('[data-finish]')) return;
  event.preventDefault();
  save(event.target);
});

// What htmx sends carries its turn; what it was told is kept, tried again, or said
document.addEventListener('htmx:configRequest', (event) => {
  const form = event.detail.verb === 'post' && formOf(event.target);
  if (!form) return;
  const state = stateOf(form);
  state.turn += 1;
  state.sent = state.edits;
  event.detail.parameters.turn = state.turn;
  // Saving is no finishing: htmx would send it where the button that has the focus leads
  if (event.target === form) event.detail.path = form.getAttribute('hx-post');
});
document.addEventListener('htmx:beforeOnLoad', (event) => {
  const form = formOf(event.target);
  if (!form || event.detail.requestConfig.verb !== 'post') return;
  const { status } = event.detail.xhr;
  const finishing = event.target.matches('[data-finish]');
  if (status < 400 || (finishing && status === 422)) kept(form);
});
const kept = (form) => {
  const state = stateOf(form);
  state.kept = state.sent;
  state.since = 0;
  say(form, '');
  if (isDirty(form)) later(form, QUIET);
};
const lost = (event) => {
  // A saving that stood behind the button in htmx's line of one was dropped
  if (event.target.matches?.('[data-finish]')) later(formOf(event.target), AGAIN);
  if (!event.target.matches?.('form[data-saves]')) return;
  // The desk's own sentence about errors is for buttons: this form says it itself
  event.stopPropagation();
  const { status = 0, responseText = '' } = event.detail.xhr ?? {};
  const passing = status === 0 || status === 429 || status >= 500;
  if (passing) {
    say(event.target, 'Not saved yet: no connection. It is tried again.');
    later(event.target, AGAIN);
    return;
  }
  const told = new DOMParser().parseFromString(responseText, 'text/html').body.textContent.trim();
  say(event.target, `Not saved. ${told || 'Copy what you wrote, then reload the page.'}`);
};
for (const name of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) {
  document.addEventListener(name, lost, true);
}
addEventListener('online', () => forms().filter(isDirty).forEach(save));

// Leaving: what is not saved goes first, whether the page or only this part of it is left
const LEFT = 'waymark-left';
const flush = async (form) => {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.turn += 1;
  const left = { form: form.id, key: form.dataset.key, page: form.elements.page.value, turn: state.turn };
  sessionStorage.setItem(LEFT, JSON.stringify(left));
  const edits = state.edits;
  const body = new URLSearchParams(new FormData(form));
  body.set('turn', state.turn);
  const headers = { 'HX-Request': 'true', 'X-CSRF-Token': body.get('csrf') };
  const answer = await fetch(form.action, { method: 'POST', headers, body, keepalive: true, signal: AbortSignal.timeout(5000) });
  if (answer.ok) state.kept = edits;
  return answer.ok || (answer.status < 500 && answer.status !== 429);
};
const flushUntilKept = (form, tries = 60) => {
  const again = () => tries && setTimeout(() => flushUntilKept(form, tries - 1), AGAIN);
  flush(form).then((done) => done || again(), again);
};
document.addEventListener('htmx:confirm', (event) => {
  const { target, verb, issueRequest } = event.detail;
  if (verb !== 'get') return;
  const left = forms().find((form) => isDirty(form) && target?.contains?.(form));
  if (!left) return;
  event.preventDefault();
  flush(left).catch(() => {}).finally(() => issueRequest(true));
});
document.addEventListener('htmx:beforeCleanupElement', (event) => {
  if (event.target.matches?.('form[data-saves]') && isDirty(event.target)) flushUntilKept(event.target);
});
const flushAll = () => forms().filter(isDirty).forEach((form) => flush(form).catch(() => {}));
addEventListener('pagehide', flushAll);
const begun = () => [...document.querySelectorAll('form[data-guarded] textarea')].some((box) => box.value.trim());
addEventListener('beforeunload', (event) => {
  flushAll();
  if (forms().some((form) => isDirty(form) && form.querySelector('[data-unsaved]').textContent) || begun()) event.preventDefault();
});

// A form that is opened again at once may be drawn before what was left has arrived: then it is drawn anew
const arrived = ({ page, turn }, { keptPage, keptTurn }) => page === keptPage && turn <= Number(keptTurn);
const catchUp = (tries = 10) => {
  const left = JSON.parse(sessionStorage.getItem(LEFT) ?? 'null');
  const form = left && document.getElementById(left.form);
  if (!form || form.dataset.key !== left.key || form.elements.page.value === left.page) return;
  if (arrived(left, form.dataset) || isDirty(form) || !tries) {
    sessionStorage.removeItem(LEFT);
    form.inert = false;
    return;
  }
  form.inert = true;
  const draw = () => htmx.ajax('GET', new URL(form.action).pathname, { target: form.closest('section.record'), swap: 'outerHTML' });
  setTimeout(() => draw().finally(() => catchUp(tries - 1)), 200);
};

// A refusal stands where it belongs, and the eye is led to it
document.addEventListener('htmx:beforeSwap', (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && xhr.getResponseHeader('HX-Retarget')) event.detail.shouldSwap = true;
});
const lead = () => {
  const place = document.querySelector('[data-focus]');
  place?.removeAttribute('data-focus');
  place?.focus();
};
document.addEventListener('htmx:afterSettle', lead);
lead();
document.addEventListener('htmx:afterSettle', (event) => event.target.matches('section.record') && event.detail.requestConfig?.triggeringEvent && catchUp());
catchUp();

// A link to a field inside a closed part opens it
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.missing a');
  const field = link && document.querySelector(link.getAttribute('href'));
  if (!field) return;
  event.preventDefault();
  field.scrollIntoView({ block: 'center' });
  field.focus();
});

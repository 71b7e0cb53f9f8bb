// What every part of the desk's script uses: finding, posting, and one sentence when something went wrong.
export const find = (selector) => document.querySelector(selector);
const csrf = find('meta[name="csrf-token"]').content;
export const post = (url, body) =>
  fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-Token': csrf },
    body,
    signal: AbortSignal.timeout(10000),
  });

// Errors: one sentence in place
export const problem = (text) => {
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

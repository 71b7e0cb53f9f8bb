// Tries again by itself when the service asks to slow down; what is shown meanwhile is the caller's.

const TRIES = 20;
const WAIT = 5; // seconds, where the service does not say

/**
 * Calls `send()` until its answer is not "slow down", at most 20 times more, and returns the last
 * answer. `waits()` is called before each wait; `wanted()` says whether to go on after it.
 */
export async function patiently(send, waits, wanted = () => true) {
  for (let left = TRIES; ; left -= 1) {
    const response = await send();
    if (response.status !== 429 || !left) return response;
    waits();
    const wait = Number(response.headers.get("Retry-After")) || WAIT;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    if (!wanted()) return response;
  }
}

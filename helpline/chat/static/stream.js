// Keeps one stream of events open and resumes after the last number seen; shows nothing itself.

const SILENCE = 35_000; // the service sends a comment at least every 20 s
const LONGEST_WAIT = 15_000;

/**
 * Follows the conversation of `token` from number `after`. `on` has: event(data), lost(), back(),
 * gone() when the token is unknown. Returns { stop, cut, now }: cut() gives up the open connection,
 * which may have died unnoticed; now() tries again at once.
 */
export function follow(token, after, on) {
  let last = after;
  let wait = 1000;
  let stopped = false;
  let current = null;
  let wake = () => {};

  async function read() {
    current = new AbortController();
    let watchdog = setTimeout(() => current.abort(), SILENCE);
    try {
      const response = await fetch(`/api/conversation/events?after=${last}`, {
        headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
        cache: "no-store",
        signal: current.signal,
      });
      if (response.status === 401) {
        stopped = true;
        on.gone();
        return;
      }
      if (!response.ok) return;
      on.back();
      wait = 1000;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let kept = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => current.abort(), SILENCE);
        const blocks = (kept + value).split("\n\n");
        kept = blocks.pop();
        for (const block of blocks) take(block);
      }
    } catch {
      // A lost connection: the loop below says so and tries again.
    } finally {
      clearTimeout(watchdog);
    }
  }

  function take(block) {
    const line = block.split("\n").find((one) => one.startsWith("data: "));
    if (!line || stopped) return;
    const data = JSON.parse(line.slice(6));
    if (data.number) {
      if (data.number <= last) return;
      last = data.number;
    }
    on.event(data);
  }

  async function run() {
    while (!stopped) {
      await read();
      if (stopped) return;
      on.lost();
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, wait * (0.75 + Math.random() / 2));
      });
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  run();
  return {
    stop() {
      stopped = true;
      current?.abort();
      wake();
    },
    cut() {
      current?.abort();
    },
    now() {
      wait = 1000;
      wake();
    },
  };
}

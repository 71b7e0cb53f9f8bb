// Keeps the end of the messages in view, or says that something new is there.

const scroller = document.getElementById("scroller");
const pill = document.getElementById("newest");
let near = true;

/** Shows the end of the messages. */
export function toEnd() {
  scroller.scrollTop = 0; // the list runs backwards: 0 is its end
  if (document.documentElement.scrollHeight > window.innerHeight) {
    window.scrollTo(0, document.documentElement.scrollHeight);
  }
  near = true;
  pill.hidden = true;
}

/** To be called when something new has come: shows it, or offers to. */
export function arrived() {
  if (near) toEnd();
  else pill.hidden = false;
}

new IntersectionObserver((seen) => {
  near = seen.at(-1).isIntersecting;
  if (near) pill.hidden = true;
}).observe(document.getElementById("end"));

pill.addEventListener("click", () => {
  toEnd();
  scroller.focus({ preventScroll: true });
});

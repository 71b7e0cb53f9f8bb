// "Is this phone safe right now?": what Yes and No do on the start page. Nothing is sent.

const question = document.getElementById("safe");

/** Makes the two buttons work; `write()` is called after Yes. */
export function askIfSafe(write) {
  const yes = document.getElementById("yes");
  const no = question?.querySelector("details");
  yes?.addEventListener("click", (event) => {
    event.preventDefault();
    question.remove();
    write();
  });
  yes?.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    yes.click();
  });
  no?.addEventListener("toggle", () => {
    if (no.open) question.replaceWith(document.getElementById("steps"));
  });
}

/** Takes the question away once the chat has begun. */
export function begun() {
  question?.remove();
}

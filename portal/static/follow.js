// Follows something that goes on elsewhere: asks the address in data-follow every few seconds, shows what changed, and
// goes along when the answer is another page. Without scripts the page reloads itself instead.
"use strict";

const main = document.querySelector("[data-follow]");
const EVERY_MS = 3000;

async function look() {
  const answer = await fetch(main.dataset.follow, { credentials: "same-origin" }).catch(() => null);
  if (answer === null || !answer.ok) return true;
  if (new URL(answer.url).pathname !== location.pathname) {
    location.assign(answer.url);
    return false;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  if (fresh !== null && fresh.textContent !== main.textContent) main.replaceChildren(...fresh.childNodes);
  return fresh !== null && "follow" in fresh.dataset;
}

async function follow() {
  if (document.hidden || (await look())) setTimeout(follow, EVERY_MS);
}

setTimeout(follow, EVERY_MS);

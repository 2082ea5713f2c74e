// The button that a product's page frames, and the window in which its login runs.
"use strict";

const type = "ferrule.connect";

// In the window: how it ended is for the frame to ask; this only says that it is worth asking now.
const ended = document.querySelector("[data-ended]");
if (ended && window.opener) {
  opener.postMessage({ type }, location.origin);
  if (ended.dataset.ended === "done") setTimeout(() => window.close(), 1200);
}

// In the frame: the page around it is told, if it is of the one origin that may know.
const button = document.querySelector("button[data-link]");
if (button) {
  const { link, id, state, origin } = button.dataset;
  let status = "open", popup, waiting;

  const show = (now) => {
    if (now === status) return;
    status = now;
    const over = now === "done" || now === "expired";
    if (over) {
      clearTimeout(waiting);
      button.disabled = true;
      button.textContent = now === "done" ? "Connected" : "This link is over";
    }
    if (now !== "open" && window.parent !== window) {
      parent.postMessage({ type, version: 1, id, state: state || undefined, status: now }, origin);
    }
    return over;
  };

  const ask = async () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 2000);
    const answer = await fetch(`${link}/status`, { cache: "no-store" }).catch(() => null);
    if (answer?.ok) show((await answer.json()).status);
  };

  button.addEventListener("click", () => {
    popup = window.open(`${link}?popup=1`, `ferrule-${id}`, "popup,width=520,height=760");
    ask();
  });
  addEventListener("message", (event) => {
    const ours = event.origin === location.origin && event.source === popup;
    if (ours && event.data?.type === type) ask();
  });
  show(button.dataset.status);
}

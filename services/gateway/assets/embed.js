// Embeds connect links: <div data-ferrule-connect="LINK"></div>, or Ferrule.connect(LINK, element, onResult).
// The element gets a "ferrule-connect" event with { type, version, id, state, status }: never a token. Ask your
// server what the session says before you believe it.
(() => {
  "use strict";
  const home = new URL(document.currentScript.src).origin;

  const connect = (link, place, onResult) => {
    const url = new URL(link);
    if (url.origin !== home) throw new TypeError(`The link is not one of ${home}`);
    const frame = document.createElement("iframe");
    frame.src = `${home}${url.pathname}/button`;
    frame.title = "Connect an account";
    frame.width = "280";
    frame.height = "64";
    frame.style.border = "0";
    const heard = (event) => {
      if (!frame.isConnected) return removeEventListener("message", heard);
      if (event.origin !== home || event.source !== frame.contentWindow) return;
      const result = event.data;
      if (result?.type !== "ferrule.connect" || result.version !== 1) return;
      place.dispatchEvent(new CustomEvent("ferrule-connect", { bubbles: true, detail: result }));
      onResult?.(result);
    };
    place.replaceChildren(frame);
    addEventListener("message", heard);
    return frame;
  };

  window.Ferrule = Object.freeze({ connect });
  const start = () => {
    for (const place of document.querySelectorAll("[data-ferrule-connect]")) connect(place.dataset.ferruleConnect, place);
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();

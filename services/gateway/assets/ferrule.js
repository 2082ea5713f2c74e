// What the pages do beyond plain HTML: every one of them works without this file.
"use strict";

// Search as you type: the same address as the form's, its results put in place.
for (const form of document.querySelectorAll("form[data-live]")) {
  const results = document.getElementById(form.dataset.live);
  let waiting, asked = 0;
  const search = async () => {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    const address = `${location.pathname}?${query}`;
    const turn = ++asked;
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || turn !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById(results.id);
    if (!found) return location.reload();
    results.replaceChildren(...found.childNodes);
    history.replaceState(null, "", address);
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  };
  // A field that is cleared, or a choice that is made for somebody, says the second alone.
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    search();
  });
}

// What a form's answer holds under a name is put in place here, without a new page.
for (const form of document.querySelectorAll("form[data-inserts]")) {
  const place = document.getElementById(form.dataset.inserts);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.setAttribute("aria-busy", "true");
    const typed = new URLSearchParams(new FormData(form));
    const posts = form.method === "post";
    const address = posts ? form.action : `${form.action}?${typed}`;
    const answer = await fetch(address, posts ? { method: "POST", body: typed } : {});
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = page.getElementById(place.id);
    form.removeAttribute("aria-busy");
    // A session that is over, or a fault: the browser shows what there is to say.
    if (!answer.ok || !made) return form.submit();
    place.replaceChildren(...made.childNodes);
  });
}

// The reference sends its requests from here, with the secrets that stand in its fields and nowhere else.
for (const form of document.querySelectorAll("form[data-path]")) {
  for (const part of document.querySelectorAll("[data-send]")) part.hidden = false;
  const status = document.getElementById("status"), shown = document.getElementById("answer");
  form.querySelector("button[data-send]").addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    const query = new URLSearchParams();
    let path = form.dataset.path;
    for (const [name, value] of new FormData(form)) {
      const [place, part] = [name.split(".")[0], name.slice(name.indexOf(".") + 1)];
      if (place === "path") path = path.replace(`{${part}}`, encodeURIComponent(value));
      if (place === "query" && value) query.append(part, value);
    }
    const secrets = [...form.querySelectorAll("[data-secret]")].filter((field) => field.value);
    const headers = { Accept: "application/json" };
    if (secrets.length) headers.Authorization = secrets.map((field) => `${field.dataset.secret} ${field.value}`).join(", ");
    const body = form.querySelector("[name=body]")?.value || undefined;
    if (body) headers["Content-Type"] = "application/json";
    const address = new URL(path + (query.size ? `?${query}` : ""));
    status.textContent = "Sent …";
    try {
      const answer = await fetch(address.pathname + address.search, { method: form.dataset.method, headers, body });
      let text = (await answer.text()).slice(0, 24576);
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* it is no JSON, or cut */ }
      status.textContent = `${answer.status} ${answer.statusText}`;
      shown.textContent = text;
    } catch (error) {
      status.textContent = `Nothing came back: ${error.message}`;
      shown.textContent = "";
    }
    shown.hidden = !shown.textContent;
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

// A login that began in this browser needs no second confirmation.
document.querySelector("form[data-goes-on]")?.requestSubmit();

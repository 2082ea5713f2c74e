"""A product whose customers connect their accounts: one page, and the server behind it."""

import html
import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FERRULE = os.environ.get("FERRULE_URL", "http://localhost:8080")
ELEMENT = os.environ.get("ELEMENT", "sandbox")
PORT = int(os.environ.get("PORT", "3000"))
ORIGIN = f"http://localhost:{PORT}"
AUTHORIZATION = "User {}, Organization {}".format(
    os.environ["FERRULE_USER_SECRET"], os.environ["FERRULE_ORGANIZATION_SECRET"]
)

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A product</title>
<script src="{ferrule}/connect.js" defer></script>
<h1>A product</h1>
<p>Connect your account, so that we can read your contacts.</p>
<div id="connect" data-ferrule-connect="{link}"></div>
<p id="result" role="status"></p>
<script type="module">
  addEventListener("ferrule-connect", async (event) => {{
    const {{ id, status }} = event.detail;
    const said = await (await fetch(`/became?id=${{encodeURIComponent(id)}}`)).json();
    document.getElementById("result").textContent =
      said.instanceId ? `Connected: instance ${{said.instanceId}}` : `Not connected: ${{status}}`;
  }});
</script>
"""


def ferrule(method, path, body=None):
    """One call of Ferrule's API. Its secrets stay on this server."""
    request = urllib.request.Request(
        f"{FERRULE}/elements/api-v2{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": AUTHORIZATION, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or "null")


class Product(BaseHTTPRequestHandler):
    # A real product looks up who is signed in, and keeps whose session it opened.
    sessions = set()

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/":
            session = ferrule("POST", "/connect/sessions", {"elements": [ELEMENT], "endUserId": "customer-1"})
            self.sessions.add(session["id"])
            page = PAGE.format(ferrule=FERRULE, link=html.escape(session["url"]))
            self.answer(200, "text/html; charset=utf-8", page)
        elif path == "/became" and query.removeprefix("id=") in self.sessions:
            session = ferrule("GET", f"/connect/sessions/{query.removeprefix('id=')}")
            said = {name: session.get(name) for name in ("status", "instanceId")}
            self.answer(200, "application/json", json.dumps(said))
        else:
            self.answer(404, "text/plain", "There is nothing here.")

    def answer(self, status, kind, text):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())


if ELEMENT == "sandbox":
    ferrule("PUT", "/elements/sandbox/app", {"apiKey": "sandbox-client", "apiSecret": "sandbox-secret"})
ferrule("PUT", "/connect/origin", {"origin": ORIGIN})
print(f"The product is up at {ORIGIN}")
ThreadingHTTPServer(("127.0.0.1", PORT), Product).serve_forever()

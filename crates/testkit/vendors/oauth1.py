"""An OAuth 1.0a provider on a loopback port that the system picks, for one test: oauthlib does all the checking, this
keeps what it hands out. SETTINGS is JSON; prints `ready ORIGIN`, then a line for each request before
it is answered."""
import json
import os
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from oauthlib.oauth1 import RequestValidator, WebApplicationServer
from oauthlib.oauth1.rfc5849.errors import OAuth1Error

SETTINGS = json.loads(os.environ['SETTINGS'])
QUESTION = b'<form method="post"><button name="answer" value="yes">Yes</button><button name="answer" value="no">No</button></form>'


class Memory(RequestValidator):
    """What was handed out, and what came before. Its rules are oauthlib's; nonces and verifiers work once."""

    enforce_ssl = False
    dummy_client = 'a-client-that-is-not-there'
    dummy_request_token = dummy_access_token = 'a-token-that-is-not-there'
    safe_characters = property(lambda self: set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'))
    client_key_length = property(lambda self: (5, 40))
    nonce_length = property(lambda self: (8, 64))
    allowed_signature_methods = property(lambda self: SETTINGS['methods'])

    def __init__(self):
        self.temporary, self.nonces = {}, set()
        # A token that somebody else's login brought.
        self.access = {SETTINGS['brought']: {'oauth_token_secret': SETTINGS['broughtSecret']}}

    def check_realms(self, realms):
        return realms == ['api']

    def get_client_secret(self, key, request):
        return SETTINGS['clientSecret'] if key == SETTINGS['clientKey'] else secrets.token_hex()

    def get_request_token_secret(self, key, token, request):
        return self.temporary.get(token, {}).get('oauth_token_secret', secrets.token_hex())

    def get_access_token_secret(self, key, token, request):
        return self.access.get(token, {}).get('oauth_token_secret', secrets.token_hex())

    def get_default_realms(self, key, request):
        return ['api']

    def get_realms(self, token, request):
        return ['api']

    def get_redirect_uri(self, token, request):
        return self.temporary[token]['callback']

    def validate_client_key(self, key, request):
        return key == SETTINGS['clientKey']

    def validate_request_token(self, key, token, request):
        return token in self.temporary

    def validate_access_token(self, key, token, request):
        return token in self.access

    def validate_redirect_uri(self, key, uri, request):
        return uri in SETTINGS['callbacks']

    def validate_requested_realms(self, key, realms, request):
        return True

    def validate_realms(self, key, token, request, uri=None, realms=None):
        return True

    def validate_verifier(self, key, token, verifier, request):
        right = self.temporary.get(token, {}).get('verifier', secrets.token_hex())
        return secrets.compare_digest(right, verifier)

    def validate_timestamp_and_nonce(self, key, timestamp, nonce, request, request_token=None, access_token=None):
        seen = (key, timestamp, nonce, request_token or access_token)
        fresh = seen not in self.nonces
        self.nonces.add(seen)
        return fresh

    def verify_request_token(self, token, request):
        return token in self.temporary

    def verify_realms(self, token, realms, request):
        return True

    def save_request_token(self, token, request):
        self.temporary[token['oauth_token']] = {**token, 'callback': request.redirect_uri}

    def save_verifier(self, token, verifier, request):
        self.temporary[token]['verifier'] = verifier['oauth_verifier']

    def save_access_token(self, token, request):
        self.access[token['oauth_token']] = dict(token)

    def invalidate_request_token(self, key, token, request):
        self.temporary.pop(token, None)


MEMORY = Memory()
PROVIDER = WebApplicationServer(MEMORY)


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, body=b'', headers=None):
        body = body if isinstance(body, bytes) else str(body or '').encode()
        print(self.command, urlsplit(self.path).path, status, flush=True)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        request = (ORIGIN + self.path, self.command, body, dict(self.headers))
        try:
            self.route(urlsplit(self.path).path, request)
        except OAuth1Error as error:
            self.answer(error.status_code, error.urlencoded)

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def route(self, path, request):
        uri, method, body, headers = request
        if path == '/initiate':
            headers, body, status = PROVIDER.create_request_token_response(*request)
            self.answer(status, body, headers)
        elif path == '/authorize' and method == 'GET':
            PROVIDER.get_realms_and_credentials(*request)
            self.answer(200, QUESTION, {'Content-Type': 'text/html'})
        elif path == '/authorize' and 'answer=yes' in body:
            headers, body, status = PROVIDER.create_authorization_response(uri, 'GET', None, {})
            self.answer(status, body, headers)
        elif path == '/authorize':
            token = dict(parse_qsl(urlsplit(uri).query))['oauth_token']
            callback = MEMORY.temporary.pop(token)['callback']
            self.answer(302, '', {'Location': f'{callback}?denied={token}'})
        elif path == '/token':
            headers, body, status = PROVIDER.create_access_token_response(*request)
            self.answer(status, body, headers)
        elif path.startswith('/api/'):
            valid, _ = PROVIDER.validate_protected_resource_request(*request, realms=['api'])
            told = {'sub': 'alice', 'method': method, 'path': self.path, 'body': body} if valid else {'error': 'not signed'}
            self.answer(200 if valid else 401, json.dumps(told), {'Content-Type': 'application/json'})
        else:
            self.answer(404)


server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
ORIGIN = f'http://127.0.0.1:{server.server_address[1]}'
print('ready', ORIGIN, flush=True)
server.serve_forever()

// An OpenID provider on a loopback port that the system picks, for one test. SETTINGS is JSON; prints `ready ISSUER`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const settings = JSON.parse(process.env.SETTINGS);

// The issuer holds the port, so listen first.
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: settings.clientId,
    client_secret: settings.clientSecret,
    redirect_uris: settings.redirectUris,
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_method: settings.authMethod,
  }],
  scopes: ['openid', 'offline_access', 'email', 'read', 'write'],
  claims: { openid: ['sub'], email: ['email'] },
  findAccount: (_ctx, login) => ({
    accountId: login,
    claims: () => ({ sub: login, email: `${login}@example.test` }),
  }),
  // As many vendors do, give a refresh token without being asked for offline access.
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: settings.rotate,
  pkce: { required: () => settings.pkceRequired },
  ttl: {
    AccessToken: settings.accessTtl,
    AuthorizationCode: 60,
    ClientCredentials: settings.accessTtl,
    Grant: 86400,
    IdToken: 300,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 3600,
  },
  clockTolerance: 0,
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    revocation: { enabled: true },
  },
  cookies: { keys: ['loopback only'] },
});

for (const refusal of ['authorization.error', 'grant.error', 'revocation.error', 'server_error']) {
  provider.on(refusal, (_ctx, error) => console.error(refusal, error.error ?? error.message, error.error_detail ?? ''));
}
server.on('request', provider.callback());
console.log('ready', issuer);

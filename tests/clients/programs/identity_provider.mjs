// An identity provider on loopback, by oidc-provider: clients register themselves, and a token is a JWT for the resource that was asked for.
// Its arguments: the port, the scope. It prints one line when it listens. Anybody may sign in, under any name.

import * as jose from "jose";
import Provider from "oidc-provider";

const [port, scope] = [Number(process.argv[2]), process.argv[3]];
const { privateKey } = await jose.generateKeyPair("ES256", { extractable: true });
const key = { ...(await jose.exportJWK(privateKey)), kid: "first", use: "sig", alg: "ES256" };
const seconds = 3600;

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [key] },
  scopes: ["openid", "offline_access", scope],
  pkce: { required: () => true },
  clientDefaults: {
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    id_token_signed_response_alg: "ES256",
  },
  findAccount: (context, name) => ({ accountId: name, claims: () => ({ sub: name }) }),
  issueRefreshToken: async () => true,
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (context, resource) => ({
        scope,
        audience: resource,
        accessTokenTTL: seconds,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
  ttl: { AccessToken: seconds, Grant: seconds, IdToken: seconds, Interaction: seconds, RefreshToken: seconds, Session: seconds },
});
for (const failure of ["authorization.error", "grant.error", "registration_create.error", "server_error"]) {
  provider.on(failure, (context, error) => console.error(failure, error.message, error.error_description));
}
provider.listen(port, "127.0.0.1", () => console.log("listening"));

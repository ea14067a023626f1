// Sign in with a TypeScript SDK's own OAuth client, and make a clip.
// Its arguments: the SDK's major version, the server's address, the person's name. It prints one line of JSON.

const [version, server, person] = process.argv.slice(2);
const modern = version === "2";
const { Client } = await import(modern ? "@modelcontextprotocol/client" : "@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = await import(
  modern ? "@modelcontextprotocol/client" : "@modelcontextprotocol/sdk/client/streamableHttp.js"
);
const redirect = "http://localhost:3030/callback";
const kept = {};
let answered; // the query with which the provider sent the browser back

/** Do what a person's browser does: follow redirects, and fill in the provider's pages for signing in and agreeing. */
async function browse(address) {
  const cookies = {};
  const load = async (url, options = {}) => {
    const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie }, ...options });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      cookies[name] = value;
    }
    return response;
  };
  let at = String(address);
  let response = await load(at);
  for (let pages = 0; pages < 20; pages += 1) {
    if (response.status === 302 || response.status === 303) {
      at = new URL(response.headers.get("location"), at).href;
      if (at.startsWith(redirect)) {
        answered = new URL(at).searchParams;
        return;
      }
      response = await load(at);
      continue;
    }
    const page = await response.text();
    const action = page.match(/action="([^"]+)"/);
    if (action === null) throw new Error(`no form at ${at}: ${page.slice(0, 300)}`);
    const fields = new URLSearchParams({ prompt: page.match(/name="prompt" value="(\w+)"/)[1], login: person, password: "any" });
    at = new URL(action[1], at).href;
    response = await load(at, { method: "POST", body: fields });
  }
}

const authProvider = {
  redirectUrl: redirect,
  clientMetadata: {
    client_name: "sign_in",
    redirect_uris: [redirect],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  state: () => "a-state",
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  redirectToAuthorization: async (address) => {
    kept.asked = Object.fromEntries(address.searchParams);
    await browse(address);
  },
};

async function connect() {
  const options = modern ? { versionNegotiation: { mode: "auto" } } : {};
  const client = new Client({ name: "sign_in", version }, options);
  const transport = new StreamableHTTPClientTransport(new URL(server), { authProvider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (answered === undefined || kept.tokens !== undefined) throw error;
    await transport.finishAuth(modern ? answered : answered.get("code"));
    return connect();
  }
  return client;
}

const client = await connect();
const made = await client.callTool({ name: "create_video", arguments: { prompt: `a boat, SDK ${version}`, model: "sample:sample" } });
await client.close();
console.log(JSON.stringify({ asked: kept.asked, made: made.structuredContent }));

// The TypeScript SDK 2.x; the second argument of this program is how it finds the protocol's version.

import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { run, server } from "./story.mjs";

const client = new Client({ name: "sdk-2", version: "2" }, { versionNegotiation: { mode: process.argv[3] } });
await client.connect(new StdioClientTransport(server));
await run(client);

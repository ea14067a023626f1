// The TypeScript SDK 1.x.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { run, server } from "./story.mjs";

const client = new Client({ name: "sdk-1", version: "1" });
await client.connect(new StdioClientTransport(server));
await run(client);

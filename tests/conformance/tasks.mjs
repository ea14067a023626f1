// The TypeScript SDK's client and its package for tasks, against the real server: `node tasks.mjs URL`. Ends with 1 where anything differs.
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createTaskSessionFromClient, resultFromTaskOutcome } from '@modelcontextprotocol/ext-tasks/client';

const url = process.argv[2];
const clientInfo = { name: 'conformance', version: '1' };
const clientCapabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const client = new Client(clientInfo, { capabilities: clientCapabilities, versionNegotiation: { mode: 'auto' } });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));

let id = 1000;
async function rawDispatch(request) {
  const body = { jsonrpc: '2.0', id: ++id, ...request };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': body.method,
    'mcp-name': body.params?.name ?? body.params?.taskId ?? '',
  };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  const isStream = answer.headers.get('content-type').startsWith('text/event-stream');
  return JSON.parse(isStream ? text.split('\n').filter((line) => /^data: *\{/.test(line)).at(-1).slice(5) : text);
}

const v2RequestFraming = { protocolVersion: '2026-07-28', clientInfo, clientCapabilities };
const session = createTaskSessionFromClient(client, { endpointId: 'sora', rawDispatch, v2RequestFraming });
const make = (prompt, more = {}) => session.callTool('create_video', { prompt, model: 'sample:sample', ...more });
const settle = async (execution) => (await execution.settle()).outcome;

const made = resultFromTaskOutcome(await settle(await make('A paper boat')));
assert.equal(made.structuredContent.state, 'completed');
assert.equal(made.structuredContent.message, made.content[0].text);

const failed = resultFromTaskOutcome(await settle(await make('fail:content')));
assert.deepEqual([failed.isError, failed.structuredContent.state], [true, 'failed']);

const refused = resultFromTaskOutcome(await settle(await make('A boat', { seconds: 99 })));
assert.deepEqual([refused.isError, refused.structuredContent.error.code], [true, 'invalid_seconds']);

const long = await make('A boat at sea', { seconds: 8 });
await long.cancel();
assert.equal((await settle(long)).status, 'cancelled');

await session.close();
await client.close();
process.exit(0);

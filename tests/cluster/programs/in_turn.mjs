// A TypeScript SDK as a client of a service whose every request goes to another replica.
// Its arguments: the SDK's major version, how it finds the protocol's version (2.x only), the address. It prints one line of JSON.

const [version, mode, address] = process.argv.slice(2);
const modern = version === "2";
const { Client } = await import(modern ? "@modelcontextprotocol/client" : "@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = await import(
  modern ? "@modelcontextprotocol/client" : "@modelcontextprotocol/sdk/client/streamableHttp.js"
);
const elicit = modern ? "elicitation/create" : (await import("@modelcontextprotocol/sdk/types.js")).ElicitRequestSchema;

const options = { capabilities: { elicitation: { form: {} } }, ...(modern ? { versionNegotiation: { mode } } : {}) };
const client = new Client({ name: `sdk-${version}`, version }, options);
let forms = 0;
client.setRequestHandler(elicit, () => {
  forms += 1;
  return { action: "accept", content: { buy: true } };
});
await client.connect(new StreamableHTTPClientTransport(new URL(address)));

const call = async (name, given = {}) => {
  const result = await client.callTool({ name, arguments: given });
  const texts = result.content.filter((one) => one.type === "text").map((one) => one.text);
  const pictures = result.content.filter((one) => one.type === "image").length;
  return { ...result.structuredContent, pictures, text: texts.join("\n") };
};

const told = { tools: [], clips: [], paid: [] };
for (let number = 0; number < 3; number += 1) told.tools.push((await client.listTools()).tools.length);
for (let number = 0; number < 3; number += 1) {
  const prompt = `a kite, SDK ${version} ${mode} ${number}`;
  let job = await call("create_video", { prompt, model: "sample:sample", size: "640x360" });
  for (let waits = 0; job.state !== "completed" && waits < 20; waits += 1) {
    job = await call("get_video_status", { job_id: job.job_id, wait_seconds: 20 });
  }
  const seen = await call("view_video", { job_id: job.job_id, frames: 4 });
  const read = await client.readResource({ uri: `sora://videos/${job.job_id}/poster.jpg` });
  told.clips.push({ id: job.job_id, state: job.state, pictures: seen.pictures, seen: seen.text, poster: read.contents[0].blob.length });
}
told.listed = (await call("list_videos")).videos.map((video) => video.job_id);
for (let number = 0; number < 3; number += 1) {
  const prompt = `a boat, SDK ${version} ${mode} ${number}`;
  told.paid.push(await call("create_video", { prompt, model: "muvi:sora-2", seconds: 4 }));
}
told.forms = forms;
await client.close();
console.log(JSON.stringify(told));

// What story.py does, for clients in JavaScript.

const clip = { prompt: "A paper boat in the rain", model: "sample:sample", size: "640x360" };

/** The command, arguments and environment of the server, from the first argument of this program. */
export const server = JSON.parse(process.argv[2]);

/** Run the story with a connected client, and print what it saw as one line of JSON. */
export async function run(client) {
  const listed = await client.listTools();
  const tools = Object.fromEntries(listed.tools.map((tool) => [tool.name, tool.inputSchema]));
  const steps = [];
  const ask = async (tool, given) => {
    const result = await client.callTool({ name: tool, arguments: given });
    const text = result.content.filter((one) => one.type === "text").map((one) => one.text).join("\n");
    const pictures = result.content.filter((one) => one.type === "image").map((one) => `${one.type} ${one.mimeType}`);
    steps.push({ tool, text, pictures, refused: result.isError === true });
    return text;
  };
  const started = await ask("create_video", { ...clip, seconds: 4 });
  const job = started.match(/\bv_[0-9a-z]{10}\b/)[0];
  for (let waits = 0; waits < 20; waits += 1) {
    const waited = await ask("get_video_status", { job_id: job, wait_seconds: 50 });
    if (waited.includes(".mp4")) break;
  }
  await ask("view_video", { job_id: job, frames: 4 });
  await ask("edit_video", { inputs: [job], action: "trim", start: 1, end: 2 });
  await ask("create_video", { ...clip, seconds: 3 });
  await client.close();
  console.log(JSON.stringify([{ tools, steps, data: [] }]));
}

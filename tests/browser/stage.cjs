// A small host of MCP Apps in headless Chromium. One JSON object a line: orders come on stdin, answers go to stdout.
// Whatever the framed page asks for is passed on to the test, which has a real server.
const { chromium } = require('playwright-core');
const { createInterface } = require('node:readline');
const { readFileSync } = require('node:fs');

const out = (message) => process.stdout.write(JSON.stringify(message) + '\n');
const waiting = new Map();
let asked = 0;

const HOST = `<!doctype html><title>host</title><body style="margin:0;background:BACK"><iframe sandbox="allow-scripts" style="border:0;width:100vw;height:900px"></iframe>
<script>
const frame = document.querySelector('iframe');
let context = {};
let ready;
const opened = new Promise((resolve) => { ready = resolve; });
addEventListener('message', async ({ data, source }) => {
  if (source !== frame.contentWindow) return;
  const answer = (rest) => frame.contentWindow.postMessage({ jsonrpc: '2.0', id: data.id, ...rest }, '*');
  if (data.method === 'ui/initialize') return answer({ result: { protocolVersion: '2026-01-26', hostInfo: { name: 'stage', version: '1' }, hostCapabilities: {}, hostContext: context } });
  if (data.method === 'ui/notifications/initialized') return ready();
  if (data.method === 'ui/notifications/size-changed') { frame.style.height = data.params.height + 'px'; return; }
  if (data.id !== undefined && data.method) answer(await window.asked(data.method, data.params));
});
window.open_ = async (html, given) => { context = given; frame.srcdoc = html; await opened; };
window.tell = (method, params) => frame.contentWindow.postMessage({ jsonrpc: '2.0', method, params }, '*');
</script>`;

(async () => {
  const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });
  let page, complaints, foreign;
  const frame = (number = -1) => page.frames().at(number);
  const doing = {
    async fresh({ theme, width = 640, height = 900, scale = 1, script = true, still = false }) {
      if (page) await page.close();
      page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale, colorScheme: theme, javaScriptEnabled: script, reducedMotion: still ? 'reduce' : 'no-preference' });
      complaints = []; foreign = [];
      page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text() + ' ' + message.location().url); });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => { if (!/^(file|data|blob|about):|^https:\/\/host\.invalid\//.test(request.url())) foreign.push(request.url()); });
    },
    async lay({ html }) {   // the host's own page, in which frames may ask
      await page.route('https://host.invalid/**', (route) => route.fulfill({ contentType: 'text/html', body: html }));
      await page.exposeFunction('asked', (method, params) => new Promise((resolve) => { waiting.set(++asked, resolve); out({ asked, method, params }); }));
      await page.goto('https://host.invalid/');
    },
    async host({ html, theme, variables }) {
      await this.lay({ html: HOST.replace('BACK', theme === 'dark' ? '#111' : '#eee') });
      await page.evaluate(([given, context]) => window.open_(given, context), [html, { theme, styles: { variables } }]);
    },
    async tell({ method, params }) { await page.evaluate(([name, given]) => window.tell(name, given), [method, params]); },
    async until({ text }) { await frame().waitForFunction((sought) => document.body.innerText.includes(sought), text, { timeout: 60000 }); },
    async holds({ js, number }) {   // asked from outside: the page's policy forbids eval inside of it
      let last = '';   // a page that is being left, or of which half is there, may lack what is asked for
      for (const end = Date.now() + 60000; Date.now() < end; await new Promise((later) => setTimeout(later, 30))) {
        try { if (await frame(number).evaluate(js)) return; last = ''; } catch (error) { last = ` (${error})`; }
      }
      throw new Error('never held: ' + js + last);
    },
    async see({ js, number }) { return await frame(number).evaluate(js); },
    async run({ js }) { return await page.evaluate(js); },
    async click({ name }) { await frame().getByRole('button', { name }).click({ timeout: 60000 }); },
    async around({ role, name, text, fill, sought }) {   // the host's own page, where somebody else wrote it: a press may come too early for it
      const node = (role ? page.getByRole(role, name ? { name: new RegExp('^' + name) } : {}) : page.getByText(text, { exact: true })).first();
      if (fill !== undefined) return await node.fill(fill);
      for (const end = Date.now() + 25000; ;) {
        await node.click({ force: role === 'switch', timeout: 15000 });
        if (!sought) return;
        try { return await page.locator(sought).first().waitFor({ timeout: text ? 4000 : 26000 }); } catch (error) { if (Date.now() > end) throw error; }
      }
    },
    async press({ key }) { await page.keyboard.press(key); },
    async pasted() { await page.context().grantPermissions(['clipboard-read']); return await page.evaluate(() => navigator.clipboard.readText()); },
    async visit({ url }) { await page.goto(url); },
    async tree() { return await page.locator('body').ariaSnapshot(); },
    async axe() {   // one line for each finding
      await frame().evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
      const { violations } = await frame().evaluate('axe.run()');
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    },
    async hover({ css }) { await frame().hover(css); },
    async type({ text }) { await page.keyboard.type(text); },
    async shot({ path, fullPage = true }) { await page.screenshot({ path, fullPage }); },
    async heard() { return { complaints, foreign }; },
  };
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const order = JSON.parse(line);
    if (order.answer !== undefined) { waiting.get(order.asked)(order.answer); return; }
    try { out({ did: order.n, value: await doing[order.do](order) ?? null }); } catch (error) { out({ did: order.n, failed: String(error) }); }
  }).on('close', async () => { await browser.close(); process.exit(0); });
  out({ ready: true });
})();

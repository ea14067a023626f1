// To the chat: the host puts it there as the user's words.
async function chat(text, done = 'Sent to the chat.') {
  try {
    const reply = await ask('ui/message', { role: 'user', content: [{ type: 'text', text }] });
    say(reply?.isError ? 'Say in the chat: ' + text : done);
  } catch { say('Say in the chat: ' + text); }
}

// Card 1: what it would cost.
function quoteCard(found, approval, asked = '') {
  turn++;
  const money = found.budget ?? {};
  const left = money.day_left_usd;
  const remains = left === undefined ? undefined : dollars(left || 0).replace('free', '$0.00') + (money.day_limit_usd === undefined ? '' : ' of ' + dollars(money.day_limit_usd));
  const offers = (found.offers ?? []).length > 1 ? comparison(found) : null;
  show('quote', found.allowed === false ? 'Not possible now' : offers ? 'Which model?' : 'Make this video?',
    offers ? null : para(dollars(found.usd), 'price'),
    words(wish.prompt), offers,
    facts([...(offers ? [] : [['Model', found.model], ['Length', found.seconds && (found.clips > 1 ? found.clips + ' × ' : '') + found.seconds + ' s'], ['Size', cross(found.size)]]),
      ['Calculation', found.basis?.replace(/ x (?=\d)/g, ' × ')], ['Left today', remains]]),
    para(found.refusal, 'bad'),
    para(approval ? 'This price needs your yes first, ' + (asked.includes('page') ? 'on the page in your browser, or ' : '') + 'in a terminal: '
      + (asked.match(/`[^`]* approve [^`]*`/)?.[0] ?? '`sora-mcp approve ' + approval + '`') : '', 'dim'),
    row(found.allowed === false ? null : button((approval ? 'Approved: make it for ' : 'Make it for ') + dollars(found.usd), () => buy(found, approval), 'first'),
      offers ? null : button('Cheaper', () => cheaper(found)), button('No', () => refuse(found))));
}
// The offers of an estimate, to pick one from. A press asks the server for its price as it is now.
function comparison(found) {
  const rows = found.offers.some((offer) => sameOffer(offer, found)) ? found.offers : [{ ...chosen(found), usd: found.usd }, ...found.offers];
  return make('fieldset', {}, make('legend', { textContent: 'Models, cheapest first' }), make('div', { className: 'offers' }, ...rows.map((offer) => {
    const pick = make('input', { type: 'radio', name: 'offer', checked: sameOffer(offer, found), disabled: !!offer.needs_key });
    pick.onchange = () => choose(offer, found);
    const rest = [cross(offer.size), offer.seconds + ' s', offer.audio === undefined ? '' : offer.audio ? 'with sound' : 'silent', offer.needs_key ? 'needs a key' : ''];
    return make('label', { className: 'offer' }, pick,
      make('span', {}, make('b', { textContent: offer.model }), make('span', { className: 'dim', textContent: rest.filter(Boolean).join(' · ') })),
      make('span', { className: 'cost', textContent: dollars(offer.usd) }));
  })));
}
const sameOffer = (one, other) => one.model === other.model && one.size === other.size && one.seconds === other.seconds;
async function choose(offer, found) {
  const mine = ++turn;
  const { options, ...rest } = priced(found.clips);
  let next, why;
  asking++;
  $('card').ariaBusy = 'true';
  say('Asking for the price…');
  try { next = await call('estimate_cost', { ...rest, ...(options && offer.model === found.model ? { options } : {}), ...chosen(offer) }); } catch (error) { why = error?.message; }
  asking--;
  if (mine !== turn) return;
  $('card').ariaBusy = 'false';
  const known = next && !next.isError ? next.structuredContent : null;
  if (known && offer.model !== found.model) delete wish.options;
  quoteCard(known ? { ...known, offers: found.offers } : found);   // what is marked is always what the button buys
  if (!known) say('That one cannot be had now: ' + (next?.structuredContent?.message ?? why ?? 'the host gave no reason'));
  document.querySelector('input:checked')?.focus();
}
// The arguments of the last call as estimate_cost takes them.
function priced(clips) {
  const { prompt, quote, request_id, max_usd, image, variations, continues, edits, ...rest } = wish;
  const frame = image ? (/^(url$|http)/i.test(image) ? 'url' : 'file') : continues ? 'file' : '';
  const many = clips > 1 ? clips : variations;
  return { ...rest, ...(frame ? { image: frame } : {}), ...(many > 1 ? { clips: many } : {}) };
}
const chosen = (found) => ({ model: found.model, size: found.size, seconds: found.seconds });
async function buy(found, approval) {
  if (wish.prompt) return start({ ...wish, ...chosen(found), max_usd: found.usd, ...(approval ? { quote: approval } : {}) });
  const many = found.clips > 1 ? found.clips + ' clips, each ' : '';
  const cap = found.clips > 1 ? '' : ', max_usd=' + found.usd;
  await chat(`Yes, make it: ${many}model=${found.model}, size=${found.size}, seconds=${found.seconds}${cap}.`);
}
async function refuse(found) {
  show('done', 'Nothing was made', para('Nothing was sent, nothing was charged.'));
  await chat('No, do not make it for ' + dollars(found.usd) + '.');
}
async function cheaper(found) {
  const same = priced(found.clips);
  const asked = { ...same, size: found.size, seconds: found.seconds };
  delete asked.model; delete asked.options;
  const all = found.offers ? found : (await call('estimate_cost', asked)).structuredContent ?? {};
  const fit = (all.offers ?? []).filter((offer) => offer.usd < found.usd && !offer.needs_key && !offer.ended).sort((a, b) => b.usd - a.usd)[0];
  const tries = [fit && { ...asked, ...chosen(fit) }, { ...same, model: found.model, size: found.size, seconds: undefined }];
  for (const args of tries.filter(Boolean)) {
    const next = await call('estimate_cost', JSON.parse(JSON.stringify(args)));
    if (!next.isError && next.structuredContent?.usd < found.usd) {
      if (args.model !== found.model) delete wish.options;
      return quoteCard(next.structuredContent);
    }
  }
  say('Nothing here is cheaper.');
}
async function start(args) {
  wish = { ...args };
  say('Asking the server…');
  take(await call('create_video', JSON.parse(JSON.stringify(args))));
}

// Card 2: on its way. The card asks by itself, so that the chat need not.
function progressCard() {
  const mine = ++turn;
  const bar = make('div', { className: 'bar', role: 'progressbar', ariaLabel: 'Progress' }, make('i'));
  const left = para('\u00a0', 'dim');
  const clock = make('span', { className: 'dim clock', ariaHidden: 'true' });
  show('progress', 'Your video is being made', words(wish.prompt), bar, make('div', { className: 'row apart' }, left, clock),
    summary(job.seconds, job.size), row(button('Cancel', cancel)));
  const draw = () => {
    move(bar, job.progress);
    left.textContent = remaining(job.message ?? '');
    grown();
  };
  draw();
  tick(mine, clock);
  follow(mine, draw);
}
// A bar that glides from one reported step to the next, and to and fro where the vendor reports none.
function move(bar, progress) {
  const known = typeof progress === 'number';
  bar.classList.toggle('vague', !known);
  if (!known) return;
  bar.ariaValueNow = Math.floor(progress * 100);
  bar.firstChild.style.transform = `scaleX(${progress})`;
}
async function tick(mine, clock) {
  for (const since = Date.now(); mine === turn; await new Promise((resolve) => setTimeout(resolve, 1000))) {
    const seconds = Math.round((Date.now() - since) / 1000);
    clock.textContent = Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0');
  }
}
const remaining = (message) => (message.match(/Usually ready in [^.]*\./) ?? message.match(/is ((being|made|queued|running)[^.]*\.)/) ?? ['', ''])
  .slice(0, 2).at(-1).replace(/^./, (letter) => letter.toUpperCase());
async function follow(mine, draw) {
  let pause = 1500;
  while (mine === turn) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (mine !== turn) return;
    try {
      const reply = await call('get_video_status', { job_id: job.job_id, wait_seconds: 5 });
      if (mine !== turn) return;
      const now = reply.structuredContent ?? {};
      if (reply.isError || !LIVE.includes(now.state)) return take(reply);
      job = { ...job, ...now };
      draw();
      pause = 1500;
    } catch { pause = Math.min(pause * 2, 30000); say('The server does not answer; asking again.'); }
  }
}
async function cancel(node) {
  if (!node.dataset.sure) { node.dataset.sure = '1'; node.textContent = 'Really cancel?'; return say('Press again to cancel. The vendor may keep the money.'); }
  const reply = await call('cancel_video', { job_id: job.job_id });
  const now = reply.structuredContent ?? {};
  if (reply.isError || LIVE.includes(now.state)) return say(now.message ?? 'It cannot be cancelled.');
  take(reply);
}

// Card 3: the video.
async function playerCard() {
  const mine = ++turn;
  const stage = stageOf(job);
  const copy = button('Copy prompt', () => copied(text));
  copy.hidden = !wish.prompt;
  const text = words(wish.prompt);
  show('player', 'Your video is ready', stage, text,
    summary(job.duration_s ?? job.seconds, job.width ? job.width + 'x' + job.height : job.size), facts([['File', job.path]]),
    row((job.message ?? '').includes('continues=') ? button('Continue this shot', () => chat(`Continue ${job.job_id}: make the next shot with continues="${job.job_id}".`), 'first') : null,
      job.height > job.width ? null : button('Vertical 9:16', () => chat(`Make ${job.job_id} vertical, 9:16, with edit_video.`)),
      copy));
  $('card').classList.toggle('tall', shape(job) < 1);
  if (!wish.prompt) learn(mine, text, copy);
  const picture = poster(stage, job.job_id);
  say('Loading the clip…');
  if (await play(stage, job, mine)) { await picture; if (mine === turn) say(''); }
}
// The facts of a clip in one line.
const summary = (seconds, size) => para([seconds ? seconds + ' s' : '', cross(size), dollars(job.usd), job.model].filter(Boolean).join(' · '), 'dim');
const shape = ({ width, height, size }) => {
  const [across, down] = width ? [width, height] : (/^(\d+)x(\d+)$/.exec(size ?? '') ?? [0, 16, 9]).slice(1).map(Number);
  return Math.min(Math.max(across / down || 16 / 9, 0.4), 3);
};
function stageOf(one) {
  const stage = make('div', { className: 'stage' });
  stage.style.setProperty('--a', shape(one));
  return stage;
}
async function poster(stage, id) {
  try {
    const { blob } = await read(`sora://videos/${id}/poster.jpg`);
    const src = 'data:image/jpeg;base64,' + blob;
    if (blob && !stage.querySelector('video')) stage.prepend(make('img', { alt: '', src }));
    const video = stage.querySelector('video');
    if (blob && video) video.poster = src;
  } catch { /* the clip is shown without one */ }
}
const read = async (uri) => (await ask('resources/read', { uri })).contents[0];
async function learn(mine, text, copy) {
  try {
    const known = JSON.parse((await ask('resources/read', { uri: 'sora://videos/' + job.job_id })).contents[0].text);
    if (mine !== turn) return;
    wish.prompt = text.textContent = known.prompt;
    text.hidden = copy.hidden = false;
    grown();
  } catch { /* the card does without */ }
}
// Fetch the file and put it on the stage, over the picture that waits there. False where it cannot be shown.
async function play(stage, one, mine) {
  const lost = (text) => { if (mine === turn) say(text + ' The file is at ' + (one.path ?? one.uri)); return false; };
  let content;
  try { content = await read(one.uri); } catch { return lost('It cannot be shown here.'); }
  if (mine !== turn) return false;
  if (!content.blob) { say(content.text); return false; }
  if ((content.mimeType ?? '').startsWith('image/')) { stage.replaceChildren(make('img', { alt: 'The picture', src: `data:${content.mimeType};base64,${content.blob}` })); return true; }
  const bytes = Uint8Array.from(atob(content.blob), (letter) => letter.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }));
  shown.push(url);
  const video = make('video', { controls: true, playsInline: true, ariaLabel: 'The finished video', poster: stage.querySelector('img')?.src ?? '' });
  video.onloadedmetadata = () => { stage.style.setProperty('--a', shape({ width: video.videoWidth, height: video.videoHeight })); grown(); };
  video.onerror = () => {   // some hosts allow the one kind of address, some the other
    video.onerror = () => { video.remove(); lost('It cannot be played here.'); };
    video.src = 'data:video/mp4;base64,' + content.blob;
  };
  video.src = url;
  stage.replaceChildren(video);
  return true;
}
function copied(node) {   // hosts lend no clipboard, and asking for it is an error in their console; a press may copy what is selected
  getSelection().selectAllChildren(node);
  say(document.execCommand('copy') ? 'Copied.' : 'The prompt is selected: copy it by hand.');
}
addEventListener('copy', (event) => {   // as text, without its colours
  event.clipboardData.setData('text/plain', String(getSelection()));
  event.preventDefault();
});

// Card 4: several takes or videos side by side, to choose one from.
function takesCard(found) {
  const mine = ++turn;
  const same = found.model ? { size: found.size, seconds: found.seconds } : {};
  const noun = found.model ? 'Take' : 'Video';
  const tiles = found.jobs.map((one, place) => tile({ ...same, ...one }, `${noun} ${place + 1}`, mine));
  const head = () => tiles.some(({ now }) => LIVE.includes(now.state)) ? 'Your videos are being made'
    : tiles.some(({ now }) => now.uri) ? 'Which one do you like?' : 'There is no video';
  show('takes', head(), words(wish.prompt), make('div', { className: 'takes' }, ...tiles.map(({ node }) => node)),
    facts([['Model', found.model], ['Price', found.usd === undefined ? undefined : dollars(found.usd) + (found.usd ? ' in all' : '')]]));
  const draw = (jobs) => {
    for (const one of jobs) tiles.find(({ now }) => now.job_id === one.job_id)?.draw(one);
    $('card').querySelector('h1').textContent = head();
    grown();
  };
  draw(found.jobs);
  const live = () => tiles.map(({ now }) => now).filter(({ state, uri }) => LIVE.includes(state) || (state === 'completed' && !uri)).map(({ job_id }) => job_id);
  watch(mine, live, draw);
}
function tile(first, label, mine) {
  const stage = make('div', { className: 'stage' });
  const state = make('span', { className: 'state' });
  const bar = make('div', { className: 'bar', role: 'progressbar', ariaLabel: label + ': progress' }, make('i'));
  const cost = make('span', { className: 'dim' });
  const ways = row();
  const node = make('figure', {}, stage, make('figcaption', {}, make('div', { className: 'row apart' }, make('b', { textContent: label }), cost), ways));
  node.style.setProperty('--a', shape(first));
  stage.append(make('div', { className: 'wait' }, state, bar));
  const self = { node, now: first, draw(one) {
    self.now = addressed({ ...self.now, ...one });
    const { now } = self;
    cost.textContent = [now.duration_s ?? now.seconds ? (now.duration_s ?? now.seconds) + ' s' : '', dollars(now.usd)].filter(Boolean).join(' · ');
    const live = LIVE.includes(now.state);
    state.textContent = live ? 'Being made' : now.state === 'completed' ? '' : (TITLES[now.state] ?? 'No video') + (now.error?.message ? '. ' + now.error.message : '');
    bar.hidden = !live;
    if (live) move(bar, now.progress);
    if (!now.uri || self.isShown) return;
    self.isShown = true;
    stage.replaceChildren();
    node.style.setProperty('--a', shape(now));
    poster(stage, now.job_id);
    const start = button('', async () => {
      if (!await play(stage, now, mine)) return;
      const video = stage.querySelector('video');
      video?.play().catch(() => {});
      video?.focus();
    }, 'play');
    start.ariaLabel = 'Play ' + label.toLowerCase();
    stage.append(start);
    const choose = button('Choose', () => chat(`I choose ${label.toLowerCase()}: ${now.job_id}. Go on with that one.`));
    choose.ariaLabel = 'Choose ' + label.toLowerCase();
    ways.append(choose);
  } };
  return self;
}
async function watch(mine, live, draw) {
  for (let pause = 300; mine === turn && live().length;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (mine !== turn) return;
    try {
      const now = (await call('get_video_status', { job_ids: live(), wait_seconds: 5 })).structuredContent ?? {};
      if (mine !== turn) return;
      draw(now.jobs ?? (now.job_id ? [now] : []));
      pause = 1500;
    } catch { pause = Math.min(pause * 2, 30000); say('The server does not answer; asking again.'); }
  }
}

// Card 5: what went wrong, and what would work.
const TITLES = { cancelled: 'It was cancelled', expired: 'The link to the video died', unknown: 'It is not clear whether it was made' };
function errorCard(found) {
  turn++;
  const ways = wish.prompt && !found.job_id ? waysOut(found.error ?? {}) : [];
  const buttons = ways.map((fixes, place) => button(labelled(fixes), () => start(fixes.reduce(mended, wish)), place ? '' : 'first'));
  const [, unsent, rest] = found.message?.match(/^(Not sent, nothing charged)\. (.*)$/s) ?? [];
  show('error', found.job_id ? TITLES[found.state] ?? 'There is no video' : unsent ?? 'Not sent',
    ...reasons(ways.length ? (rest ?? found.message).split(' Fix: ')[0] : rest ?? found.message), words(wish.prompt),
    ways.length ? para('This would work:', 'dim') : null, row(...buttons));
}
// What is wrong; several reasons of one model are a list under its name.
function reasons(text) {
  const model = text?.match(/^(\S+:\S+): /)?.[1];
  const parts = model ? text.slice(model.length + 2).split(`. ${model}: `) : [];
  return parts.length < 2 ? [para(text)]
    : [para(model + ':'), make('ul', {}, ...parts.map((part) => make('li', { textContent: part.replace(/\.$/, '') })))];
}
// Each way is a list of fixes to be made together. One for each broken argument comes first, unless another model mends all alone.
function waysOut({ broken = [], fixes = [] }) {
  const names = new Set(broken.map((rule) => rule.argument));
  const count = fixes[0]?.argument === 'model' && !names.has('model') ? 1 : names.size || 1;
  const first = fixes.slice(0, count);
  if (new Set(first.map((fix) => fix.argument)).size < count) return [];   // something else is broken, that the user has to mend
  return [first, ...fixes.slice(count).map((fix) => [fix])].slice(0, 6);
}
const READ = { model: (name) => name, size: (size) => cross(size), seconds: (seconds) => seconds + ' s' };
const labelled = (fixes) => fixes.map(({ argument, value }) => value === null ? 'without ' + argument
  : READ[argument]?.(value) ?? argument + ' = ' + JSON.stringify(value).replace(/^"|"$/g, '')).join(', ').replace(/^w/, 'W')
  + (fixes.at(-1).usd === undefined ? '' : ' · ' + dollars(fixes.at(-1).usd));
function mended(call, fix) {
  const [name, option] = fix.argument.split('.');
  const next = { ...call, ...(fix.usd === undefined ? {} : { max_usd: fix.usd }) };
  if (option) { next.options = { ...next.options, [option]: fix.value }; if (fix.value === null) delete next.options[option]; }
  else if (fix.value === null) delete next[name];
  else next[name] = fix.value;
  return next;
}

// A result with a long path leaves out the address of its file.
const addressed = (one) => one.uri || one.state !== 'completed' || !one.path ? one
  : { ...one, uri: 'sora://videos/' + one.job_id + (one.path.match(/\.(png|gif)$/)?.[0] ?? '.mp4') };
// What a tool said decides the card.
const LIVE = ['submitting', 'queued', 'running'];
async function take(result) {
  const found = result.structuredContent;
  if (!found) return show('error', 'Video', para((result.content ?? []).map((part) => part.text ?? '').join(' ')));
  const limit = found.error?.code === 'over_budget' ? wish.max_usd : undefined;   // the chat's own; the caps of the server hold in any case
  if (found.error?.quote || limit !== undefined) {
    const price = await call('estimate_cost', priced());
    if (price.isError) return errorCard(found);
    const above = limit === undefined ? undefined : `Above the $${Number(limit).toFixed(2)} that the chat allowed for it.`;
    return quoteCard({ refusal: above, ...price.structuredContent }, found.error.quote, found.message);
  }
  if (result.isError) return errorCard(found);
  if (found.jobs?.length > 1) return takesCard(found);
  if (found.jobs?.length) return take({ structuredContent: { ...found, ...found.jobs[0] } });
  if (found.usd !== undefined && found.clips !== undefined) return quoteCard(found);
  if (!found.job_id) return show('done', 'Video', para(found.message));
  job = addressed(found);
  if (LIVE.includes(job.state)) return progressCard();
  return job.state === 'completed' && job.uri ? playerCard() : errorCard(found);
}

function dress(context = {}) {
  if (context.theme) document.documentElement.dataset.theme = context.theme;
  for (const [name, value] of Object.entries(context.styles?.variables ?? {})) {
    if (name.startsWith('--') && value) document.documentElement.style.setProperty(name, value);
  }
}
addEventListener('message', ({ data, source }) => {
  if (source !== parent || data?.jsonrpc !== '2.0') return;
  if (!data.method) {
    const { resolve, reject } = waiting.get(data.id) ?? {};
    waiting.delete(data.id);
    return data.error ? reject?.(data.error) : resolve?.(data.result);
  }
  if (data.method === 'ui/notifications/tool-input') wish = { ...data.params?.arguments };
  else if (data.method === 'ui/notifications/tool-result') take(data.params);
  else if (data.method === 'ui/notifications/tool-cancelled') { turn++; show('done', 'Cancelled', para('The chat cancelled this call.')); }
  else if (data.method === 'ui/notifications/host-context-changed') dress(data.params);
  else if (data.method === 'ui/resource-teardown') { turn++; post({ id: data.id, result: {} }); }
  else if (data.id !== undefined) post(data.method === 'ping' ? { id: data.id, result: {} } : { id: data.id, error: { code: -32601, message: 'Not here' } });
});
(async () => {
  const host = await ask('ui/initialize', { protocolVersion: '2026-01-26', appInfo: { name: 'sora-mcp', version: '1' }, appCapabilities: {} });
  dress(host?.hostContext);
  tell('ui/notifications/initialized');
  new ResizeObserver(grown).observe(document.body);
})();

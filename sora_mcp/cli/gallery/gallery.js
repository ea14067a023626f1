'use strict';
const $ = (id) => document.getElementById(id);
const cards = [...document.querySelectorAll('article')];
const still = matchMedia('(prefers-reduced-motion: reduce)');
const part = (card, name) => card.querySelector(name);
const isShown = (card) => !card.closest('[hidden]');
let current = null;
let late = 0;

// Search and filters. What was made from a match keeps its source beside it.
const texts = cards.map((card) => [part(card, '.words').textContent, card.dataset.model, card.id].join(' ').toLowerCase());
function sift() {
  const sought = $('query').value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = ['model', 'day', 'state'].map((name) => [name, $(name).value]).filter(([, value]) => value);
  let count = 0, micros = 0;
  const fits = cards.map((card, place) => {
    const fit = sought.every((word) => texts[place].includes(word)) && wanted.every(([name, value]) => card.dataset[name] === value);
    if (fit) { count++; micros += Number(card.dataset.micros); }
    return fit;
  });
  const lists = new Set();
  cards.forEach((card, place) => {
    const item = card.closest('li');
    if (!item.classList.contains('item')) { item.hidden = !fits[place]; if (fits[place]) lists.add(item.closest('.item')); }
  });
  cards.forEach((card, place) => {
    const item = card.closest('li');
    if (item.classList.contains('item')) { item.hidden = !fits[place] && !lists.has(item); }
  });
  for (const section of document.querySelectorAll('section')) section.hidden = !section.querySelector('.item:not([hidden])');
  const all = !sought.length && !wanted.length;
  $('found').textContent = all ? '' : `${count.toLocaleString('en')} of ${cards.length.toLocaleString('en')} · $${(micros / 1e6).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  $('none').hidden = count > 0;
  if (current && !isShown(current)) point(cards.find(isShown));
}
function clear() {
  for (const name of ['query', 'model', 'day', 'state']) $(name).value = '';
  sift();
}

// One stop of the Tab key for all cards; the arrows go from one to the next.
function point(card) {
  if (current) part(current, '.shot').tabIndex = -1;
  current = card ?? null;
  if (current) part(current, '.shot').tabIndex = 0;
}
function go(card) {
  if (!card) return;
  point(card);
  part(card, '.shot').focus();
}
const shown = () => cards.filter(isShown);
const step = (by) => { const some = shown(); return some[some.indexOf(current) + by]; };
function across(down) {
  const at = part(current, '.shot').getBoundingClientRect();
  const middle = at.left + at.width / 2;
  let best = null, least = Infinity;
  for (const card of shown()) {
    const box = part(card, '.shot').getBoundingClientRect();
    const apart = down ? box.top - at.bottom : at.top - box.bottom;
    if (apart < 0) continue;
    const score = apart * 4 + Math.abs(box.left + box.width / 2 - middle);
    if (score < least) { least = score; best = card; }
  }
  return best;
}

// A look in advance, without sound, while the pointer rests on a picture or after the space key.
let early = null, soon = 0;
function stop() {
  clearTimeout(soon);
  early?.parentNode?.classList.remove('runs');
  early?.remove();
  early = null;
}
function preview(shot) {
  stop();
  if (shot.dataset.kind !== 'video') return;
  const video = early = Object.assign(document.createElement('video'), { muted: true, loop: true, playsInline: true, src: shot.dataset.src });
  video.onplaying = () => shot.classList.add('runs');
  video.onerror = () => video.remove();
  shot.querySelector('.play').before(video);
  video.play().catch(() => {});
}
addEventListener('pointerover', ({ target, pointerType }) => {
  const shot = pointerType === 'mouse' && target.closest('.shot');
  if (!shot || still.matches || shot.contains(early)) return;
  stop();
  soon = setTimeout(preview, 150, shot);
});
addEventListener('pointerout', ({ target, relatedTarget }) => {
  const shot = target.closest('.shot');
  if (shot && !shot.contains(relatedTarget)) stop();
});
addEventListener('focusout', stop);
const watcher = new IntersectionObserver((seen) => {   // a video without a picture shows its first frame once it is in sight
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, preload: 'metadata', src: target.dataset.src });
    video.onerror = () => video.remove();
    target.querySelector('.play').before(video);
  }
}, { rootMargin: '200px' });
for (const shot of document.querySelectorAll('.shot[data-kind=video]:not(:has(img))')) watcher.observe(shot);
addEventListener('error', ({ target }) => { if (target.matches?.('.shot img')) target.remove(); }, true);

// One video with all that is known of it.
let viewing = null;
function view(card) {
  if (!card) return;
  stop();
  viewing = card;
  point(card);
  const shot = part(card, '.shot'), { kind, src } = shot.dataset;
  const blank = part(card, '.blank')?.cloneNode(true);
  const stage = $('stage');
  stage.style.setProperty('--a', card.closest('li').style.getPropertyValue('--a'));
  if (kind === 'video') {
    const video = Object.assign(document.createElement('video'), { controls: true, playsInline: true, src, poster: part(card, 'img')?.src ?? '' });
    video.setAttribute('aria-label', 'Video');
    video.onerror = () => stage.replaceChildren(refusal());
    stage.replaceChildren(video);
    video.play().catch(() => {});
  } else if (kind === 'picture') {
    const picture = Object.assign(document.createElement('img'), { src, alt: 'Picture' });
    picture.onerror = () => stage.replaceChildren(refusal());
    stage.replaceChildren(picture);
  } else stage.replaceChildren(blank);
  const title = document.createElement('h2');
  title.id = 'viewed';
  title.dir = 'auto';
  title.className = 'words';
  title.tabIndex = -1;
  title.textContent = part(card, '.words').textContent;
  const info = part(card, '.info').cloneNode(true);
  info.hidden = false;
  $('told').replaceChildren(title, info);
  $('open').hidden = !src;
  if (src) $('open').href = src;
  $('said').textContent = '';
  $('before').disabled = !step(-1);
  $('after').disabled = !step(1);
  if (!$('viewer').open) $('viewer').showModal();
  $('told').scrollTop = 0;
  title.focus({ preventScroll: true });
}
function refusal() {
  const box = document.createElement('p');
  box.className = 'blank';
  const head = document.createElement('b');
  head.textContent = 'This browser cannot show the file';
  box.append(head, 'It may have been moved, or be of a kind that is not played here. “Open file” hands it to the system.');
  return box;
}
$('viewer').addEventListener('close', () => {
  $('stage').replaceChildren();
  if (location.hash) history.replaceState(null, '', location.pathname);
  go(viewing);
});
$('viewer').addEventListener('click', (event) => { if (event.target === $('viewer')) $('viewer').close(); });
$('close').onclick = () => $('viewer').close();
$('before').onclick = () => view(step(-1));
$('after').onclick = () => view(step(1));
$('copy').onclick = () => copy($('viewed'), 'The prompt');
$('name').onclick = () => copy(part($('told'), '.id'), 'The id');
async function copy(node, what) {
  let done = true;
  try { await navigator.clipboard.writeText(node.textContent); } catch {
    getSelection().selectAllChildren(node);
    done = document.execCommand('copy');
  }
  $('said').textContent = done ? `${what} is copied.` : `${what} is selected: press Ctrl-C.`;
}

addEventListener('click', ({ target }) => {
  const shot = target.closest('.shot');
  if (shot) view(shot.closest('article'));
  if (target.id === 'clear') { clear(); $('query').focus(); }
});
function typed(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if ($('viewer').open) {
    const video = part($('stage'), 'video');
    if (key === ' ' && video && !target.matches('button, a, video')) return video.paused ? (video.play(), true) : (video.pause(), true);
    if (key === 'ArrowLeft' && !target.matches('video')) return view(step(-1)), true;
    if (key === 'ArrowRight' && !target.matches('video')) return view(step(1)), true;
    return false;
  }
  if (target.matches('input, select')) {
    if (key === 'Escape') return clear(), go(current), true;
    if (key === 'ArrowDown' && target.id === 'query') return go(current), true;
    return false;
  }
  if (key === '/') return $('query').focus(), $('query').select(), true;
  if (!current) return false;
  const on = target.matches('.shot');
  if (on && key === ' ') return target.contains(early) ? stop() : preview(target), true;
  if (on && key === 'Escape') return stop(), true;
  const ways = { ArrowRight: () => step(1), ArrowLeft: () => step(-1), ArrowDown: () => across(true), ArrowUp: () => across(false), Home: () => shown()[0], End: () => shown().at(-1) };
  if (!(key in ways) || !(on || (target === document.body && key.startsWith('Arrow')))) return false;
  return go(on ? ways[key]() : current), true;
}
addEventListener('keydown', (event) => { if (typed(event)) event.preventDefault(); });
addEventListener('keyup', (event) => { if (event.key === ' ' && event.target.matches('.shot')) event.preventDefault(); });
const named = () => { const card = $(location.hash.slice(1)); if (card?.matches('article')) view(card); };
addEventListener('hashchange', named);
if (cards.length) {
  for (const name of ['query', 'model', 'day', 'state']) $(name).addEventListener('input', () => { clearTimeout(late); late = setTimeout(sift, 80); });
  point(cards[0]);
  sift();   // a browser that goes back fills the fields again
  named();
}

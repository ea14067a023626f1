'use strict';
// The wire: JSON-RPC with the host that holds this frame.
let last = 0;
const waiting = new Map();
const post = (message) => parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
const tell = (method, params = {}) => post({ method, params });
const ask = (method, params = {}) => new Promise((resolve, reject) => {
  waiting.set(++last, { resolve, reject });
  post({ id: last, method, params });
});
const call = (name, args) => ask('tools/call', { name, arguments: args });

// What is on the card now. A newer turn stops what an older one still waits for.
let turn = 0;
let wish = {};
let job = null;
let shown = [];   // addresses of clips in memory
let busy = false;
let asking = 0;   // prices that were asked for: until they are here, no button buys

const $ = (id) => document.getElementById(id);
const make = (tag, facts = {}, ...inside) => {
  const node = Object.assign(document.createElement(tag), facts);
  node.append(...inside.filter((part) => part !== null && part !== undefined && part !== ''));
  return node;
};
const dollars = (usd) => usd === 0 ? 'free' : usd === undefined ? '' : '$' + (usd < 0.1 ? usd.toFixed(3) : usd.toFixed(2));
const say = (text) => { $('say').textContent = text; grown(); };
const grown = () => tell('ui/notifications/size-changed', {
  width: Math.ceil(document.documentElement.scrollWidth),
  height: Math.ceil(document.body.getBoundingClientRect().height),
});

function show(kind, title, ...parts) {
  const typed = document.activeElement?.tagName === 'BUTTON';
  const head = make('h1', { textContent: title, tabIndex: -1 });
  const card = $('card');
  for (const url of shown.splice(0)) URL.revokeObjectURL(url);
  card.dataset.kind = kind;
  card.classList.remove('tall');
  card.replaceChildren(head, ...parts.filter(Boolean));
  say('');
  if (typed) head.focus();
}
const words = (text) => make('p', { className: 'words', textContent: text ?? '', hidden: !text, dir: 'auto', tabIndex: 0, ariaLabel: 'Prompt' });
const para = (text, className = '') => text ? make('p', { className }, ...text.split('`').map((part, place) => place % 2 ? make('code', { textContent: part }) : part)) : null;
const cross = (size) => (size ?? '').replace(/(?<=\d)x(?=\d)/, ' × ');
const facts = (pairs) => make('dl', {}, ...pairs.filter(([, value]) => value !== undefined && value !== '')
  .flatMap(([name, value]) => [make('dt', { textContent: name }), make('dd', {}, ...pieces(String(value)))]));
const pieces = (text) => text.split(/(?<=[/\\])/).flatMap((part) => [make('wbr'), part]);   // a path breaks at its folders
const row = (...buttons) => make('div', { className: 'row' }, ...buttons);
function button(label, act, className = '') {
  const node = make('button', { type: 'button', textContent: label, className });
  node.onclick = async () => {   // one at a time; a disabled button would lose the focus
    if (busy || asking) return;
    busy = true;
    $('card').ariaBusy = 'true';
    try { await act(node); } catch (error) { say('That did not work: ' + (error?.message ?? 'the host gave no reason')); }
    busy = false;
    $('card').ariaBusy = 'false';
  };
  return node;
}


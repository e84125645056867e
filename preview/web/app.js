'use strict';
// The page: shows the book, follows what happens to it, keeps the reader's place.
const $ = id => document.getElementById(id);
const make = (tag, more, ...inside) => {
  const e = Object.assign(document.createElement(tag), more);
  e.append(...inside);
  return e;
};

document.documentElement.lang = LANGUAGE;
for (const e of document.querySelectorAll('[data-say]')) e.textContent = W[e.dataset.say];
for (const e of document.querySelectorAll('[data-name]')) { e.setAttribute('aria-label', W[e.dataset.name]); if (e.tagName === 'BUTTON') e.title = W[e.dataset.name]; }
for (const e of document.querySelectorAll('[data-title]')) e.title = W[e.dataset.title];

// What is remembered of the reader's choices, in this browser.
const kept = (() => { try { return JSON.parse(localStorage.getItem('bookci')) || {}; } catch { return {}; } })();
const keep = more => { Object.assign(kept, more); try { localStorage.setItem('bookci', JSON.stringify(kept)); } catch { /* not allowed: not kept */ } };
// And of the place, in this tab.
const place = (() => { try { return JSON.parse(sessionStorage.getItem('bookci-place')) || {}; } catch { return {}; } })();
const keepPlace = more => { Object.assign(place, more); try { sessionStorage.setItem('bookci-place', JSON.stringify(place)); } catch { /* as above */ } };

let state = null;      // as the server last sent it
let book = place.book || 0;
let edition = null;    // {version, pages, outline, changed}
let info = null;       // what Re:VIEW knows of the book
let view = place.view || 'pages';
let chapter = place.chapter || '';
let follow = kept.follow !== false;
let spread = kept.spread === true;
let zoom = kept.zoom || 1;
let marks = kept.marks === true; // show what is cut off, and the marks for it
let session = '';      // of the server

async function get(path, values) {
  const q = new URLSearchParams({ book, ...values });
  const r = await fetch(path + '?' + q);
  if (!r.ok) throw Object.assign(new Error((await r.text()).trim()), { status: r.status });
  return r.json();
}

/* ---- pages ---- */

const pagesBox = $('pages');
let figures = [];
const seen = new IntersectionObserver(list => {
  for (const e of list) {
    e.target.near = e.isIntersecting;
    if (e.isIntersecting) draw(e.target); else leave(e.target);
  }
}, { root: pagesBox, rootMargin: '120% 0px' });

// A page passed by is asked for no longer: those in sight would wait for it.
function leave(f) {
  if (f.asked) {
    forget(f);
    f.drawn = '';
  }
  if (f.img) rest(f);
}

function forget(f) {
  const asked = f.asked;
  f.asked = null;
  if (asked?.abort) asked.abort(); else asked?.removeAttribute('src');
}

// The old picture stays until the new one is there.
function put(f, img) {
  f.asked = null;
  f.img?.remove();
  f.img = img;
  f.sheet.append(img);
}

function later(f) {
  f.asked = null;
  f.drawn = '';
  f.retry = setTimeout(() => f.near && draw(f), 1500);
}

// Pictures far away are let go of: a long book would fill the memory.
function rest(f) {
  clearTimeout(f.leaving);
  f.leaving = setTimeout(() => { if (!f.near && f.img) { f.img.remove(); f.img = null; f.drawn = ''; } }, 8000);
}

function draw(f) {
  const p = edition.pages[f.n - 1];
  if (!p) return;
  const part = cut(p);
  const width = Math.min(2800, Math.max(160, Math.ceil(f.offsetWidth / part.w * devicePixelRatio / 160) * 160));
  const q = new URLSearchParams({ book, page: f.n });
  const src = edition.draft ? `/api/drawing/${p.hash}?${q}` : `/api/picture/${p.hash}?${q}&width=${width}`;
  if (f.drawn === src + width) return;
  forget(f);
  f.drawn = src + width;
  if (edition.draft) return drawDraft(f, src, width, p.hash);
  const img = f.asked = make('img', { alt: W.pageOf(f.n), draggable: false, decoding: 'async' });
  img.onload = () => f.asked === img && put(f, img);
  img.onerror = () => f.asked === img && later(f);
  img.src = src;
}

async function drawDraft(f, src, width, hash) {
  const mine = f.asked = new AbortController();
  try {
    const canvas = await drawSheet(src, state.files, width, mine.signal);
    if (f.asked !== mine) return;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', W.pageOf(f.n));
    put(f, canvas);
    // A message that is sent while a frame is made arrives when it has been painted.
    requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => { document.body.dataset.drawn = `${f.n} ${hash}`; document.body.dataset.drawnAt = Date.now(); }; c.port2.postMessage(0); });
  } catch { if (f.asked === mine) later(f); }
}

function anchor() {
  const top = pagesBox.getBoundingClientRect().top;
  const middle = top + pagesBox.clientHeight / 3;
  for (const f of figures) {
    const r = f.getBoundingClientRect();
    if (r.bottom > middle) return { n: f.n, part: (middle - r.top) / Math.max(1, r.height) };
  }
  return { n: figures.length || 1, part: 0 };
}

function restore(a) {
  const f = figures[Math.min(a.n, figures.length) - 1];
  if (!f) return;
  const r = f.getBoundingClientRect();
  pagesBox.scrollTop += r.top + a.part * r.height - (pagesBox.getBoundingClientRect().top + pagesBox.clientHeight / 3);
}

const pageNow = () => Math.max(1, anchor().n);

// The part of a page that is left when it has been cut: all of it, unless the
// PDF says otherwise or the marks are to be seen.
const cut = p => (!marks && p.trim) || { x: 0, y: 0, w: 1, h: 1 };
const wide = p => p.w * cut(p).w;
const high = p => p.h * cut(p).h;
// A place on the whole page as one on what is shown of it.
const shownTop = (n, top) => { const part = cut(edition.pages[n - 1]); return (top - part.y) / part.h; };

// Pages that fit the window: as wide as it is, but no wider than is good to read.
function sizes() {
  const across = spread ? 2 : 1;
  const room = pagesBox.clientWidth - (innerWidth > 760 ? 48 : 16);
  const widest = Math.max(...edition.pages.map(wide), 1);
  const tall = Math.max(...edition.pages.map(high), 1);
  const whole = (pagesBox.clientHeight - 56) / tall;
  let scale = Math.min(room / across / widest, Math.max(whole, Math.min(1.42, room / across / widest)));
  if (spread) scale = Math.min(scale, Math.max(whole, .6));
  return scale * zoom;
}

function layout() {
  if (!edition) return;
  const scale = sizes();
  figures.forEach(f => {
    const p = edition.pages[f.n - 1];
    f.style.width = Math.round(wide(p) * scale) + 'px';
    f.style.height = Math.round(high(p) * scale) + 'px';
    const part = cut(p);
    Object.assign(f.sheet.style, { left: -100 * part.x / part.w + '%', top: -100 * part.y / part.h + '%', width: 100 / part.w + '%', height: 100 / part.h + '%' });
    if (f.near) draw(f);
  });
  $('zoom').textContent = Math.round(zoom * 100) + '%';
}

function newFigure(n) {
  const sheet = make('div', { className: 'sheet' });
  return make('figure', { className: 'page', n, sheet }, make('div', { className: 'paper' }, sheet), make('figcaption', { textContent: n, ariaHidden: 'true' }));
}

function arrange() {
  const a = figures.length ? anchor() : { n: place.page || 1, part: place.part ?? .33 };
  const old = new Map(figures.map(f => [f.n, f]));
  figures = edition.pages.map((p, i) => old.get(i + 1) || newFigure(i + 1));
  for (const [n, f] of old) if (n > figures.length) seen.unobserve(f);
  pagesBox.classList.toggle('spreads', spread);
  const rows = [];
  // As in print: the first page stands alone, at the right of a book that is bound at the left.
  for (let i = 0; i < figures.length;) {
    const many = spread && i > 0 ? 2 : 1;
    const row = make('div', { className: 'row' });
    const group = figures.slice(i, i + many);
    group.forEach(f => { f.classList.remove('left', 'right', 'alone'); });
    if (spread) {
      const blank = () => { const p = edition.pages[group[0].n - 1]; return make('div', { className: 'blank', w: wide(p) }); };
      let pair = i === 0 ? [blank(), group[0]] : [group[0], group[1] || blank()];
      if (edition.rightToLeft) pair = pair.reverse();
      pair[0].classList.add('left');
      pair[1].classList.add('right');
      row.append(...pair);
    } else row.append(...group);
    rows.push(row);
    i += many;
  }
  pagesBox.replaceChildren(...rows);
  const scale = sizes();
  pagesBox.querySelectorAll('.blank').forEach(b => { b.style.width = Math.round(b.w * scale) + 'px'; });
  figures.forEach(f => seen.observe(f));
  layout();
  restore(a);
}

function mark() {
  const changed = new Set(edition.changed || []);
  figures.forEach(f => f.classList.toggle('changed', changed.has(f.n)));
  const n = changed.size;
  $('changed').hidden = n === 0;
  $('changed').textContent = W.changed(n);
  $('count').textContent = '/ ' + edition.pages.length;
  $('marks').hidden = !edition.pages.some(p => p.trim);
}

let loading = 0; // the version that was asked for last
async function loadPages(news) {
  loading = state.books[book].version;
  let got;
  try { got = await get('/api/pages'); } catch (e) {
    loading = 0;
    if (e.status !== 404) setTimeout(() => loadPages(news), 1500);
    empty();
    return;
  }
  const before = edition;
  const at = before ? pageNow() : 0;
  const hash = before && before.pages[at - 1] && before.pages[at - 1].hash;
  edition = got;
  $('draft').hidden = !got.draft;
  if (!before || before.pages.length !== got.pages.length || before.pages.some((p, i) => p.w !== got.pages[i].w || p.h !== got.pages[i].h || !p.trim !== !got.pages[i].trim)) {
    arrange();
    // Pages put in before mine: stay at mine.
    const moved = hash ? got.pages.findIndex(p => p.hash === hash) + 1 : 0;
    if (moved && moved !== at && got.pages[at - 1]?.hash !== hash) restore({ n: moved, part: .33 });
  }
  figures.forEach(f => f.near && draw(f));
  mark();
  contents();
  empty();
  if (before && news && follow && view === 'pages' && got.changed?.length) {
    const sight = figures.filter(inSight).map(f => f.n);
    if (!got.changed.some(n => sight.includes(n))) showPage(await likely(got.changed));
    got.changed.forEach(n => figures[n - 1]?.classList.add('arrived'));
    setTimeout(() => figures.forEach(f => f.classList.remove('arrived')), 1600);
  }
}

// The changed page that the edit is on, rather than the table of contents.
async function likely(changed) {
  const i = (state.books[book].chapters || []).findIndex(c => c.file === state.edited);
  if (i >= 0) {
    try {
      const at = await get('/api/spot', { file: state.edited, line: 1 });
      const found = changed.find(n => n >= at.page);
      if (at.page && found) return found;
    } catch { /* the first one will do */ }
  }
  return changed[0];
}

const inSight = f => { const r = f.getBoundingClientRect(), b = pagesBox.getBoundingClientRect(); return r.bottom > b.top + 40 && r.top < b.bottom - 40; };

function showPage(n, top) {
  const f = figures[Math.min(Math.max(1, n), figures.length) - 1];
  if (!f) return;
  const box = pagesBox.getBoundingClientRect(), r = f.getBoundingClientRect();
  const to = top === undefined ? r.top - box.top - 16 : r.top + shownTop(f.n, top) * r.height - box.top - box.height * .35;
  pagesBox.scrollTop += to;
}

function showSpot(at) {
  see('pages');
  showPage(at.page, at.top);
  const f = figures[at.page - 1];
  if (!f) return;
  f.querySelectorAll('.here').forEach(e => e.remove());
  const here = make('div', { className: 'here' });
  const top = shownTop(at.page, at.top), foot = shownTop(at.page, at.foot);
  here.style.top = top * 100 - .6 + '%';
  here.style.height = (foot - top) * 100 + 1.2 + '%';
  f.append(here);
  setTimeout(() => here.remove(), 2700);
}

let settle;
pagesBox.addEventListener('scroll', () => {
  clearTimeout(settle);
  settle = setTimeout(() => {
    if (!figures.length || view !== 'pages') return;
    const a = anchor();
    keepPlace({ page: a.n, part: a.part });
    if (document.activeElement !== $('number')) $('number').value = a.n;
    current();
  }, 80);
});
let resized;
let lastAnchor = null;
addEventListener('resize', () => {
  if (!edition || view !== 'pages') return;
  if (!resized) lastAnchor = anchor();
  clearTimeout(resized);
  resized = setTimeout(() => { resized = 0; layout(); restore(lastAnchor); }, 120);
});

pagesBox.addEventListener('click', async ev => {
  if (ev.target.closest('.note')) return;
  const f = ev.target.closest('.page');
  if (!f) return;
  const r = f.getBoundingClientRect(), part = cut(edition.pages[f.n - 1]);
  try {
    const at = await get('/api/place', { page: f.n, x: part.x + part.w * (ev.clientX - r.left) / r.width, y: part.y + part.h * (ev.clientY - r.top) / r.height });
    if (!at.line) return say(W.noPlace);
    named(at, 'pages');
  } catch (e) { say(e.message); }
});

function setZoom(z) {
  const a = anchor();
  zoom = Math.min(4, Math.max(.3, z));
  keep({ zoom });
  layout();
  pagesBox.querySelectorAll('.blank').forEach(b => { b.style.width = Math.round(b.w * sizes()) + 'px'; });
  restore(a);
}
function setSpread(on) {
  spread = on;
  keep({ spread });
  $('spread').setAttribute('aria-pressed', on);
  if (edition) { const a = anchor(); arrange(); restore(a); }
}

function setMarks(on) {
  marks = on;
  keep({ marks });
  $('marks').setAttribute('aria-pressed', on);
  if (edition) { const a = anchor(); arrange(); restore(a); }
}

function stepChanged(d) {
  const list = edition?.changed || [];
  if (!list.length) return;
  const now = pageNow();
  const next = d > 0 ? list.find(n => n > now) ?? list[0] : [...list].reverse().find(n => n < now) ?? list[list.length - 1];
  showPage(next);
}

/* ---- text ---- */

const frame = $('frame');
let frameReady = false, frameBook = -1, shownText = null, wanted = null;

function openFrame() {
  if (frameBook === book) return;
  frameBook = book;
  frameReady = false;
  frame.src = '/frame?' + new URLSearchParams({ book });
}
const tellFrame = m => { if (frameReady) frame.contentWindow.postMessage(m, '*'); };

let asking = 0;
async function loadText(more) {
  if (view !== 'text') return;
  const chapters = state.books[book].chapters;
  if (!chapters.some(c => c.id === chapter)) chapter = chapters[0]?.id || '';
  openFrame();
  const mine = ++asking;
  let got;
  try { got = await get('/api/text', { chapter }); } catch (e) {
    if (mine !== asking) return;
    $('empty').textContent = W.noText + ' ' + e.message;
    $('empty').hidden = false;
    setTimeout(() => mine === asking && loadText(more), 2500);
    return;
  }
  if (mine !== asking) return;
  $('empty').hidden = true;
  info = got.info;
  shownText = { ...got, chapter };
  wanted = { ...wanted, ...more };
  giveText();
  keepPlace({ chapter });
  contents();
  renderProblems();
}

function giveText() {
  if (!frameReady || !shownText) return;
  const problems = (shownText.problems || []).map(p => ({ ...p, kind: W[p.severity] }));
  if (shownText.error) problems.unshift({ severity: 'error', message: shownText.error, kind: W.error });
  tellFrame({ type: 'show', html: shownText.html || '', problems, chapter: shownText.chapter, version: shownText.version, follow, ...wanted });
  if (wanted?.id) tellFrame({ type: 'id', id: wanted.id });
  wanted = null;
}

addEventListener('message', async ev => {
  if (ev.source !== frame.contentWindow || view !== 'text') return;
  const m = ev.data || {};
  if (m.type === 'ready') { frameReady = true; giveText(); }
  else if (m.type === 'key') key(m.key);
  else if (m.type === 'painted') { document.body.dataset.painted = `${m.chapter} ${m.version}`; document.body.dataset.paintedAt = Date.now(); }
  else if (m.type === 'chapter') { if (state.books[book].chapters.some(c => c.id === m.chapter)) { chapter = String(m.chapter); loadText({ id: String(m.id || '') }); } }
  else if (m.type === 'link' && /^https?:/.test(m.href)) open(m.href, '_blank', 'noopener,noreferrer');
  else if (m.type === 'place') {
    const c = state.books[book].chapters.find(c => c.id === chapter);
    if (c && Number.isInteger(m.line)) named({ file: c.file, line: m.line, text: '' }, 'text');
  }
});

/* ---- both ---- */

function see(which) {
  if (view === which && !$(which).hidden) return;
  view = which;
  keepPlace({ view });
  const a = which === 'text' && figures.length ? anchor() : null;
  $('pages').hidden = which !== 'pages';
  $('text').hidden = which !== 'text';
  for (const v of ['pages', 'text']) $('see-' + v).setAttribute('aria-pressed', v === which);
  for (const e of document.querySelectorAll('.pages-only')) e.classList.toggle('off', which !== 'pages');
  if (which === 'pages') {
    if (edition) { if (!figures.length) arrange(); else { layout(); restore({ n: place.page || 1, part: place.part ?? .33 }); } mark(); }
  } else {
    if (a) { const c = chapterOfPage(a.n); if (c && !place.chapter) chapter = c; }
    if (state) loadText();
  }
  contents();
  renderProblems();
  empty();
}

// Where each chapter begins, from the table of contents.
function chapterOfPage(n) {
  const chapters = state?.books[book].chapters || [];
  const top = (edition?.outline || []).filter(e => e.page <= n);
  for (let i = top.length - 1; i >= 0; i--) {
    const found = info?.chapters?.find(c => c.title && top[i].title.replace(/\s/g, '').endsWith(c.title.replace(/\s|@<[a-z]+>\{|\}/g, '')));
    if (found) return found.id;
  }
  return chapters.length && !info ? '' : '';
}

function empty() {
  const none = view === 'pages' && !edition;
  if (view === 'pages') { $('empty').hidden = !none; $('empty').textContent = W.noPages; }
}

// Tells a place of the manuscript, and puts it on the clipboard.
async function named(at, from) {
  const name = `${at.file}:${at.line}`;
  let copied = false;
  try { if (from === 'text') window.focus(); await navigator.clipboard.writeText(name); copied = true; } catch { /* the button will do */ }
  const parts = [make('code', { textContent: name })];
  if (at.text) parts.push(make('span', { className: 'src', textContent: at.text.trim() }));
  if (copied) parts.push(make('span', { textContent: W.copied }));
  else parts.push(make('button', { textContent: W.copy, onclick: async e => { await navigator.clipboard.writeText(name); e.target.textContent = W.copied; } }));
  const c = state.books[book].chapters.find(c => c.file === at.file);
  if (from === 'text') parts.push(make('button', { textContent: W.showPage, onclick: () => toSpot(at) }));
  else if (c && state.books[book].text) parts.push(make('button', { textContent: W.showText, onclick: () => { hush(); chapter = c.id; see('text'); loadText({ line: at.line }); } }));
  $('toast').dataset.place = name;
  say(...parts);
}

async function toSpot(at) {
  hush();
  try {
    const spot = await get('/api/spot', { file: at.file, line: at.line });
    if (spot.page) showSpot(spot); else say(W.noSpot);
  } catch (e) { say(e.message); }
}

let toasting;
function say(...parts) {
  $('toast').replaceChildren(...parts);
  $('toast').hidden = false;
  clearTimeout(toasting);
  toasting = setTimeout(hush, 6000);
}
function hush() { $('toast').hidden = true; }

/* ---- table of contents ---- */

let listed = '';
function contents() {
  const list = $('toc');
  const all = JSON.stringify([view, book, view === 'pages' ? edition?.outline : [state?.books[book].chapters, info?.chapters]]);
  if (all === listed) return current();
  listed = all;
  const lines = [];
  if (view === 'pages') {
    const least = Math.min(...(edition?.outline || []).map(e => e.level), 9);
    for (const e of edition?.outline || []) {
      const a = make('a', { href: '#', className: 'l' + Math.min(4, e.level - least + 1), onclick: ev => { ev.preventDefault(); showPage(e.page); narrow(); } }, make('span', { textContent: e.title }), make('span', { textContent: e.page }));
      a.page = e.page;
      lines.push(a);
    }
  } else {
    for (const c of state?.books[book].chapters || []) {
      const known = info?.chapters?.find(k => k.id === c.id);
      const title = known ? [known.number, known.title].filter(Boolean).join('　') : c.id;
      const a = make('a', { href: '#', className: 'l1', onclick: ev => { ev.preventDefault(); chapter = c.id; loadText(); narrow(); } }, make('span', { textContent: title }));
      a.chapter = c.id;
      lines.push(a);
    }
  }
  list.replaceChildren(...lines);
  current();
}

function current() {
  let now = null;
  const page = view === 'text' ? 0 : pageNow(); // once: it looks where every page lies
  for (const a of $('toc').children) {
    a.removeAttribute('aria-current');
    if (view === 'text' ? a.chapter === chapter : a.page <= page) now = a;
  }
  if (now) now.setAttribute('aria-current', 'true');
}

const narrow = () => { if (innerWidth <= 760) openContents(false); };
function openContents(on) {
  const a = figures.length && view === 'pages' ? anchor() : null;
  $('toc').hidden = !on;
  $('contents').setAttribute('aria-expanded', on);
  if (innerWidth > 760) keep({ contents: on });
  if (a) { layout(); restore(a); }
}

/* ---- problems ---- */

let unfolded = false;
function card(p, more) {
  const name = p.file ? p.file + (p.line ? ':' + p.line : '') : '';
  const first = make('p', {}, make('span', { className: 'kind', textContent: W[p.severity] }));
  if (name) first.append(make('button', { textContent: name, onclick: () => { named({ file: p.file, line: p.line || 1, text: '' }, view); if (p.line) goTo(p); } }), ' ');
  const box = make('div', { className: 'problem ' + p.severity + (more || '') }, first, make('p', { textContent: p.message }));
  if (p.source && p.source.trim()) box.append(make('pre', { textContent: p.source.trim() }));
  if (p.hint) box.append(make('p', { className: 'hint', textContent: `${W.hint}: ${p.hint}` }));
  return box;
}

async function goTo(p) {
  if (view === 'pages') return toSpot(p);
  const c = state.books[book].chapters.find(c => c.file === p.file);
  if (c) { chapter = c.id; loadText({ line: p.line }); }
}

// What is wrong, once: the build and the text may both have said it.
function problems() {
  const list = [...(state?.problems || [])];
  if (view === 'text') for (const p of shownText?.problems || []) if (!list.some(q => q.file === p.file && q.line === p.line)) list.push(p);
  return list.sort((a, b) => (a.severity === 'error' ? 0 : 1) - (b.severity === 'error' ? 0 : 1));
}

let notes = 0, notesFor = '';
async function renderProblems() {
  const list = problems();
  if (state?.error && !list.some(p => p.severity === 'error')) list.unshift({ severity: 'error', message: state.error });
  const box = $('problems');
  const errors = list.filter(p => p.severity === 'error'), warnings = list.length - errors.length;
  const same = JSON.stringify([view, edition?.version, list]);
  if (same === notesFor) return;
  notesFor = same;
  box.hidden = list.length === 0;
  const open = unfolded || errors.length > 0 && view === 'pages';
  const head = make('button', { ariaExpanded: String(open), onclick: () => { unfolded = head.getAttribute('aria-expanded') !== 'true'; head.setAttribute('aria-expanded', unfolded); inside.hidden = !unfolded; box.classList.toggle('open', unfolded); } });
  if (errors.length) head.append(make('span', { className: 'n-errors', textContent: W.errors(errors.length) }));
  if (warnings) head.append(make('span', { className: 'n-warnings', textContent: W.warnings(warnings) }));
  const inside = make('div', { className: 'list', hidden: !open });
  const mine = ++notes;
  // Errors stand over the page, at their line; what has no page stands in the list.
  const placed = new Set();
  const cards = [];
  if (view === 'pages' && edition) {
    for (const p of errors.slice(0, 5)) {
      if (!p.file || !p.line) continue;
      try {
        const at = await get('/api/spot', { file: p.file, line: p.line });
        if (at.page) { placed.add(p); cards.push([at, p]); }
      } catch { /* in the list then */ }
      if (mine !== notes) return;
    }
  }
  document.querySelectorAll('.page .note').forEach(e => e.remove());
  cards.forEach(([at, p]) => {
    const note = card(p, ' note');
    note.setAttribute('role', 'alert');
    note.style.top = Math.min(shownTop(at.page, at.foot) * 100 + .8, 82) + '%';
    figures[at.page - 1]?.append(note);
  });
  if (cards.length && follow && !cards.some(([at]) => figures[at.page - 1] && inSight(figures[at.page - 1]))) showPage(cards[0][0].page, cards[0][0].top);
  inside.append(...list.map(p => card(p)));
  if (placed.size === errors.length && errors.length && !unfolded) { inside.hidden = true; head.setAttribute('aria-expanded', 'false'); }
  box.classList.toggle('open', !inside.hidden);
  box.replaceChildren(head, inside);
}

/* ---- what happens ---- */

function status() {
  const errors = (state.problems || []).filter(p => p.severity === 'error').length;
  const bad = !!state.error;
  document.body.classList.toggle('building', state.building);
  document.body.classList.toggle('bad', bad && !state.building);
  document.body.classList.remove('lost');
  let text = W.waiting;
  if (state.building) text = W.building + (state.reason ? ` · ${state.reason}` : '');
  else if (bad) text = W.failed + (errors ? ` · ${W.errors(errors)}` : '');
  else if (state.built) {
    const time = new Date(state.built).toLocaleTimeString(LANGUAGE, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    text = [W.upToDate, W.at(time), state.took ? W.took(state.took.toFixed(1)) : ''].filter(Boolean).join(' · ');
  } else if (state.books[book]?.version) text = W.upToDate;
  if ($('said').textContent !== text) $('said').textContent = text;
  document.title = (bad ? '● ' : '') + (info?.title || state.books[book]?.title || state.books[book]?.name || 'bookci');
  $('title').textContent = info?.title || state.books[book]?.title || state.books[book]?.name || 'bookci';
}

function onState(next) {
  const first = !state;
  const restarted = session && session !== next.files;
  session = next.files;
  const before = state;
  state = next;
  if (book >= state.books.length) book = 0;
  if (first || restarted) {
    $('book').replaceChildren(...state.books.map((b, i) => make('option', { value: i, textContent: b.name, selected: i === book })));
    $('book').hidden = state.books.length < 2;
    frameBook = -1;
    see(view);
  }
  status();
  const version = state.books[book].version;
  const text = state.books[book].text;
  $('views').hidden = !text;
  if (!text && view === 'text') see('pages');
  if (version && (first || restarted || version !== edition?.version && version !== loading)) loadPages(!first && !restarted);
  else if (!version) empty();
  if (view === 'text' && (restarted || first)) loadText();
  if (first || JSON.stringify(before.problems) !== JSON.stringify(next.problems) || before.error !== next.error) renderProblems();
}

function onText(m) {
  if (m.book !== book) return;
  if (m.styles) tellFrame({ type: 'styles', version: Date.now() });
  const list = m.chapters || [];
  if (m.shown && list[0] === chapter && view === 'text' && frameReady && shownText) {
    asking++; // an answer under way is older
    shownText = { ...m.shown, info, chapter };
    giveText();
    renderProblems();
    return;
  }
  if (list.includes('*') || list.includes(chapter)) return loadText();
  // The author has gone on to another chapter.
  if (follow && list.length && view === 'text') { chapter = list[0]; loadText(); }
}

let source, again = 500;
function listen() {
  source = new EventSource('/api/events');
  source.addEventListener('state', e => { again = 500; onState(JSON.parse(e.data)); });
  source.addEventListener('text', e => onText(JSON.parse(e.data)));
  source.addEventListener('beat', () => { heard = Date.now(); });
  source.onopen = () => { heard = Date.now(); };
  source.onerror = () => {
    source.close();
    document.body.classList.remove('building');
    document.body.classList.add('lost');
    $('said').textContent = W.lost;
    setTimeout(listen, again);
    again = Math.min(again * 1.5, 5000);
  };
}
// A laptop that slept holds a connection that is none.
let heard = Date.now();
setInterval(() => { if (Date.now() - heard > 45000 && source.readyState === 1) { heard = Date.now(); source.onerror(); } }, 5000);

/* ---- keys and buttons ---- */

function setFollow(on) {
  follow = on;
  keep({ follow });
  $('follow').setAttribute('aria-pressed', on);
  say(on ? W.followOn : W.followOff);
}

function key(k) {
  switch (k) {
    case 'j': if (view === 'pages') showPage(pageNow() + (spread && pageNow() > 1 ? 2 : 1)); break;
    case 'k': if (view === 'pages') showPage(pageNow() - (spread ? 2 : 1)); break;
    case 'n': stepChanged(1); break;
    case 'p': stepChanged(-1); break;
    case 't': if (state?.books[book].text) see(view === 'pages' ? 'text' : 'pages'); break;
    case 'c': openContents($('toc').hidden); break;
    case '+': case ';': case '=': setZoom(zoom * 1.15); break;
    case '-': setZoom(zoom / 1.15); break;
    case '0': setZoom(1); break;
    case 's': setSpread(!spread); break;
    case 'm': setMarks(!marks); break;
    case 'f': setFollow(!follow); break;
    case 'e': { const p = problems().find(p => p.severity === 'error' && p.line) || problems().find(p => p.line); if (p) goTo(p); break; }
    case 'g': $('number').focus(); $('number').select(); break;
    case '?': $('keys').open ? $('keys').close() : $('keys').showModal(); break;
    case 'Escape': hush(); narrow(); break;
    default: return false;
  }
  return true;
}
addEventListener('keydown', ev => {
  if (ev.ctrlKey || ev.metaKey || ev.altKey || ev.target.closest('input, select')) return;
  if (key(ev.key) && ev.key !== 'Escape') ev.preventDefault();
});
$('see-pages').onclick = () => see('pages');
$('see-text').onclick = () => see('text');
$('contents').onclick = () => openContents($('toc').hidden);
$('smaller').onclick = () => setZoom(zoom / 1.15);
$('larger').onclick = () => setZoom(zoom * 1.15);
$('zoom').onclick = () => setZoom(1);
$('spread').onclick = () => setSpread(!spread);
$('marks').onclick = () => setMarks(!marks);
$('marks').setAttribute('aria-pressed', marks);
$('follow').onclick = () => setFollow(!follow);
$('help').onclick = () => $('keys').showModal();
$('changed').onclick = () => stepChanged(1);
$('goto').onsubmit = ev => { ev.preventDefault(); showPage(Number($('number').value) || 1); $('main').focus(); };
$('book').onchange = () => {
  book = Number($('book').value);
  keepPlace({ book });
  edition = null; info = null; figures = []; shownText = null; loading = 0;
  pagesBox.replaceChildren();
  if (state.books[book].version) loadPages(); else empty();
  loadText();
  status();
};
$('keylist').append(...W.keylist.flatMap(([k, what]) => [make('dt', { textContent: k }), make('dd', { textContent: what })]));
$('spread').setAttribute('aria-pressed', spread);
$('follow').setAttribute('aria-pressed', follow);
if (innerWidth > 1100 ? kept.contents !== false : false) openContents(true);
listen();

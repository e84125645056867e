'use strict';
// Lays the pages out, keeps the reader's place among them, and shows new ones.

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
  pagesBox.querySelectorAll('.blank').forEach(b => { b.style.width = Math.round(b.w * scale) + 'px'; });
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
  const mine = book;
  loading = state.books[book].version;
  let got;
  try { got = await get('/api/pages'); } catch (e) {
    if (mine !== book) return;
    loading = 0;
    if (e.status !== 404) setTimeout(() => mine === book && loadPages(news), 1500);
    empty();
    return;
  }
  if (mine !== book) return; // another one was chosen meanwhile
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

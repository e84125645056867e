'use strict';
// Goes from book to book and from the pages to the text, and tells places of the manuscript.

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

// Shows another book.
function choose(n) {
  book = n;
  keepPlace({ book });
  edition = null; info = null; figures = []; shownText = null; loading = 0;
  asking++; // a text under way is of the book before
  pagesBox.replaceChildren();
  if (state.books[book].version) loadPages(); else empty();
  loadText();
  status();
}

function listBooks() {
  $('book').replaceChildren(...state.books.map((b, i) => make('option', { value: i, textContent: b.name, selected: i === book })));
  $('book').hidden = state.books.length < 2;
}

// Books have come or gone: the reader stays at theirs, if it is still there.
function stay(name) {
  hush(); // its buttons lead to the chapters of before
  const n = state.books.findIndex(b => b.name === name);
  if (n < 0) choose(0);
  else if (n !== book) {
    book = n;
    keepPlace({ book });
    loading = 0; // an answer under way is to the old number
    frameBook = -1;
    loadText();
  }
  listBooks();
}

// The chapter of a page by the table of contents, '' where that does not tell.
function chapterOfPage(n) {
  const top = (edition?.outline || []).filter(e => e.page <= n);
  for (let i = top.length - 1; i >= 0; i--) {
    const found = info?.chapters?.find(c => c.title && top[i].title.replace(/\s/g, '').endsWith(c.title.replace(/\s|@<[a-z]+>\{|\}/g, '')));
    if (found) return found.id;
  }
  return '';
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

'use strict';
// Shows a chapter as text, in a frame that has no origin (frame.js).

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

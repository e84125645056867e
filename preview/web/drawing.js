'use strict';
// Draws the pages in sight, and lets go of those far away.

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

'use strict';
// What the page's scripts share: their helpers, the reader's choices, the state of the page.

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

'use strict';
// The table of contents.

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

'use strict';
// Shows a chapter. It runs without an origin, next to whatever the manuscript
// holds, and talks to the page by messages alone.
(() => {
  const page = window.parent;
  const tell = (type, more) => page.postMessage({ type, ...more }, '*');
  let chapter = null;

  const plain = node => {
    if (node.nodeType !== 1) return node.nodeType + (node.nodeValue || '').trim();
    return node.outerHTML.replace(/ data-line="\d+"| class="bookci-[a-z ]+"/g, '');
  };
  const skipped = node => node.nodeType === 1 && (node.tagName === 'SCRIPT' && node.nonce || node.classList.contains('bookci-problem'));

  // Puts new content in the place of the old, leaving what is the same alone:
  // pictures do not flicker and the place is kept. Returns what is new.
  function patch(html) {
    const made = document.createElement('template');
    made.innerHTML = html;
    // No policy keeps a browser from connecting to where these point, and no
    // chapter needs them. A template's content is inert until it is moved.
    made.content.querySelectorAll('link, meta, base, iframe, frame, object, embed').forEach(n => {
      if (n.tagName !== 'LINK' || n.getAttribute('rel') !== 'stylesheet') n.remove();
    });
    document.querySelectorAll('.bookci-problem').forEach(n => n.remove());
    const old = [...document.body.childNodes].filter(n => !skipped(n));
    const next = [...made.content.childNodes];
    const a = old.map(plain), b = next.map(plain);
    let head = 0;
    while (head < a.length && head < b.length && a[head] === b[head]) head++;
    let tail = 0;
    while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
    const relabel = (o, n) => {
      if (o.nodeType !== 1) return;
      const was = [o, ...o.querySelectorAll('[data-line]')].filter(e => e.dataset && e.dataset.line);
      const is = [n, ...n.querySelectorAll('[data-line]')].filter(e => e.dataset && e.dataset.line);
      was.forEach((e, i) => { if (is[i]) e.dataset.line = is[i].dataset.line; });
    };
    for (let i = 0; i < head; i++) relabel(old[i], next[i]);
    for (let i = 1; i <= tail; i++) relabel(old[old.length - i], next[next.length - i]);
    const before = old[old.length - tail] || document.querySelector('script[nonce]') || null;
    old.slice(head, old.length - tail).forEach(n => n.remove());
    const fresh = next.slice(head, next.length - tail);
    fresh.forEach(n => document.body.insertBefore(n, before));
    return fresh.filter(n => n.nodeType === 1);
  }

  const blocks = () => [...document.querySelectorAll('[data-line]')];
  function blockOf(line) {
    let found = null;
    for (const e of blocks()) {
      if (Number(e.dataset.line) > line) break;
      found = e;
    }
    return found;
  }
  const inSight = e => { const r = e.getBoundingClientRect(); return r.bottom > 40 && r.top < innerHeight - 40; };

  function complain(problems) {
    for (const p of problems || []) {
      const note = document.createElement('div');
      note.className = 'bookci-problem' + (p.severity === 'error' ? '' : ' warning');
      note.setAttribute('role', 'alert');
      const kind = document.createElement('b');
      kind.textContent = p.line ? `${p.file}:${p.line}` : p.file || p.kind;
      note.append(kind, p.message);
      if (p.source) { const c = document.createElement('code'); c.textContent = p.source; note.append(c); }
      const at = p.line ? blockOf(p.line) : null;
      const top = at && [...document.body.children].find(c => c.contains(at));
      if (top) top.after(note); else document.body.prepend(note);
    }
  }

  function show(m) {
    const first = chapter !== m.chapter;
    chapter = m.chapter;
    const top = first ? null : blocks().find(e => e.getBoundingClientRect().bottom > 0);
    const was = top && top.getBoundingClientRect().top;
    const fresh = patch(m.html);
    complain(m.problems);
    if (first) scrollTo(0, 0);
    else if (top && top.isConnected) scrollBy(0, top.getBoundingClientRect().top - was);
    if (!first) {
      fresh.forEach(e => { e.classList.add('bookci-new'); setTimeout(() => e.classList.remove('bookci-new'), 2500); });
      const problem = document.querySelector('.bookci-problem:not(.warning)');
      const see = problem || fresh[0];
      if (m.follow && see && !inSight(see)) see.scrollIntoView({ block: 'center' });
    }
    if (m.line) go(m.line);
    // A message that is sent while a frame is made arrives when it has been painted.
    requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => tell('painted', { version: m.version, chapter }); c.port2.postMessage(0); });
  }

  function go(line) {
    const e = blockOf(line);
    if (!e) return;
    document.querySelectorAll('.bookci-here').forEach(n => n.classList.remove('bookci-here'));
    e.classList.add('bookci-here');
    setTimeout(() => e.classList.remove('bookci-here'), 2500);
    e.scrollIntoView({ block: 'center' });
  }

  addEventListener('message', ev => {
    if (ev.source !== page) return;
    const m = ev.data;
    if (m.type === 'show') show(m);
    else if (m.type === 'styles') {
      document.querySelectorAll('link[rel=stylesheet]').forEach(l => { const u = new URL(l.href); u.search = m.version; l.href = u; });
    } else if (m.type === 'id') {
      const e = document.getElementById(m.id);
      if (e) e.scrollIntoView();
    }
  });
  addEventListener('click', ev => {
    const link = ev.target.closest && ev.target.closest('a[href]');
    if (link) {
      ev.preventDefault();
      const u = new URL(link.getAttribute('href'), document.baseURI);
      if (u.href.startsWith(document.baseURI)) {
        const id = decodeURIComponent(u.hash.slice(1));
        const name = u.pathname.split('/').pop().replace(/\.x?html$/, '');
        if (!name || name === chapter) { const e = document.getElementById(id); if (e) e.scrollIntoView(); } else tell('chapter', { chapter: decodeURIComponent(name), id });
      } else if (u.protocol === 'http:' || u.protocol === 'https:') tell('link', { href: u.href });
      return;
    }
    if (String(getSelection())) return;
    const e = ev.target.closest && ev.target.closest('[data-line]');
    if (e) tell('place', { line: Number(e.dataset.line), chapter });
  });
  addEventListener('keydown', ev => {
    if (ev.ctrlKey || ev.metaKey || ev.altKey) return;
    tell('key', { key: ev.key });
    if (ev.key === 'j' || ev.key === 'k') scrollBy({ top: (ev.key === 'j' ? 1 : -1) * innerHeight * .8, behavior: 'smooth' });
  });
  tell('ready', {});
})();

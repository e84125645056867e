'use strict';
// What is wrong with the book: over its page, and in a list.

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

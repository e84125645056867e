'use strict';
// Follows what the server tells.

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

const names = s => JSON.stringify(s.books.map(b => b.name));

function onState(next) {
  const first = !state;
  const restarted = session && session !== next.files;
  session = next.files;
  const before = state;
  state = next;
  if (first || restarted) {
    if (book >= state.books.length) book = 0;
    listBooks();
    frameBook = -1;
    see(view);
  } else if (names(before) !== names(state)) stay(before.books[book].name);
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

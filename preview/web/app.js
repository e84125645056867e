'use strict';
// The page: its keys and buttons, and its start. It shows the book, follows what happens to it, and keeps the reader's place.

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
$('book').onchange = () => choose(Number($('book').value));
$('keylist').append(...W.keylist.flatMap(([k, what]) => [make('dt', { textContent: k }), make('dd', { textContent: what })]));
$('spread').setAttribute('aria-pressed', spread);
$('follow').setAttribute('aria-pressed', follow);
if (innerWidth > 1100 ? kept.contents !== false : false) openContents(true);
listen();

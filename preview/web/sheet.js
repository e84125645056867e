'use strict';
// Draws the pages of a draft. They come as what stands on them (preview/drawn.go).

const typefaces = new Map(); // by name: when it is there
function typeface(name) {
  if (!typefaces.has(name)) {
    const face = new FontFace('draft ' + name, `url(/api/typeface/${encodeURIComponent(name)})`);
    document.fonts.add(face);
    const there = face.load();
    typefaces.set(name, there);
    there.catch(() => { document.fonts.delete(face); typefaces.delete(name); });
  }
  return typefaces.get(name);
}

// Pictures stay for a while: most of them are there again after an edit.
const mostPictures = 40;
const pictures = new Map(); // by address: when it is there; null for one that cannot be shown
function pictureAt(src) {
  const known = pictures.get(src) || new Promise(done => {
    const img = new Image();
    img.onload = () => done(img);
    img.onerror = () => { pictures.delete(src); done(null); };
    img.src = src;
  });
  pictures.delete(src);
  pictures.set(src, known);
  if (pictures.size > mostPictures) pictures.delete(pictures.keys().next().value);
  return known;
}

// drawSheet returns a page as a canvas that is width pixels wide. files is
// where the book's own files are.
async function drawSheet(address, files, width, signal) {
  const r = await fetch(address, { signal });
  if (!r.ok) throw new Error(await r.text());
  const s = await r.json();
  const images = await Promise.all((s.pictures || []).map(p => pictureAt(files + p.file.split('/').map(encodeURIComponent).join('/') + '?' + p.stamp)));
  await Promise.allSettled((s.typefaces || []).map(typeface));
  signal.throwIfAborted();
  const scale = width / s.w;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = Math.round(s.h * scale);
  const c = canvas.getContext('2d', { alpha: false });
  c.fillStyle = '#fff';
  c.fillRect(0, 0, canvas.width, canvas.height);
  c.fontKerning = 'none';
  c.textRendering = 'geometricPrecision';
  c.setTransform(scale, 0, 0, scale, 0, 0);
  for (const f of s.fills || []) {
    c.fillStyle = f.c;
    // A rule is at least as thick as can be seen.
    c.fillRect(f.x, f.y, Math.max(f.w, .7 / scale), Math.max(f.h, .7 / scale));
  }
  (s.pictures || []).forEach((p, i) => {
    if (images[i]) return c.drawImage(images[i], p.x, p.y, p.w, p.h);
    c.fillStyle = '#ddd';
    c.fillRect(p.x, p.y, p.w, p.h);
  });
  // A browser takes long to change to another font: each has its turn once.
  let font = '', track = 0;
  for (const t of (s.inks || []).sort((a, b) => a.f - b.f || a.s - b.s)) {
    c.fillStyle = t.c || '#000';
    const own = `${t.s}px "draft ${s.typefaces[t.f]}"`;
    if (own !== font) c.font = font = own;
    c.setTransform(scale, 0, t.i ? -.21 * scale : 0, scale, t.x * scale, t.y * scale);
    if ('letterSpacing' in c) {
      if (track !== (t.t || 0)) c.letterSpacing = (track = t.t || 0) + 'px';
      c.fillText(t.g, 0, 0);
      continue;
    }
    let x = 0;
    for (const letter of t.g) {
      c.fillText(letter, x, 0);
      x += c.measureText(letter).width + (t.t || 0);
    }
  }
  return canvas;
}

// Package links finds out what became of the URLs that a book cites.
//
// It is told the citations, each with its place, and where to keep what it
// learns. It asks each page once, politely (gate.go, robots.go), writes what it
// saw into an archive (archive.go), and judges that (verdict.go). Judging reads
// nothing but what was written down, so an archive can be judged again years
// later without a single request, with the same result.
//
// It promises:
//   - one request at a time per host, with a pause after each; robots.txt,
//     Crawl-delay and Retry-After are obeyed;
//   - no connection to a private, loopback or link-local address unless it is
//     allowed, whatever name a manuscript or a redirect gives it (guard.go);
//   - bounded time, size and number of redirects for each page;
//   - a page is in exactly one chunk of the archive, also when bookci is killed
//     at any moment and goes on later (record.go).
//
// It knows neither S3 nor Re:VIEW's notation nor the terminal.
package links

package draft

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/build/review"
)

// read reads a book below a root.
func read(t testing.TB, root, dir, config string) *review.Book {
	t.Helper()
	b, err := book.Read(root, dir, config)
	if err != nil {
		t.Fatal(err)
	}
	r, err := manuscript.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func top(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func write(t testing.TB, d *Draft, b *review.Book, o Options) ([]byte, *Pages, []Trouble) {
	t.Helper()
	pages, err := d.Set(context.Background(), b, o)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	trouble, err := pages.WritePDF(context.Background(), &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), pages, trouble
}

func TestTheSampleBookBecomesPages(t *testing.T) {
	for _, config := range []string{"config.yml", "config-ebook.yml"} {
		b := read(t, top(t), "sample-book", config)
		o := Options{Files: os.DirFS(top(t)), Dir: "sample-book", Created: time.Unix(1_700_000_000, 0)}
		data, pages, trouble := write(t, &Draft{}, b, o)
		if len(trouble) > 0 {
			t.Errorf("%s: images fail: %v", config, trouble)
		}
		if n := len(pages.Sheets); n < 65 || n > 90 {
			t.Errorf("%s has %d pages", config, n)
		}
		restore := runtime.GOMAXPROCS(5)
		again, _, _ := write(t, &Draft{}, b, o)
		runtime.GOMAXPROCS(restore)
		if !bytes.Equal(data, again) {
			t.Errorf("%s: two drafts of one manuscript differ", config)
		}
		tool, err := exec.LookPath("pdftotext")
		if err != nil {
			t.Skip("pdftotext is not on this machine")
		}
		file := filepath.Join(t.TempDir(), "draft.pdf")
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		text, err := exec.Command(tool, file, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"bookci で作る技術書", "第 1 章", "目次", "索引", "図 1.1", "表 1.1", "リスト 1.1", "下書き"} {
			if !strings.Contains(squeeze(string(text)), squeeze(want)) {
				t.Errorf("%s: the pages do not say %q", config, want)
			}
		}
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// newBook writes a book of one chapter with one image file.
func newBook(t *testing.T, chapter string, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	all := map[string][]byte{"config.yml": []byte("bookname: book\nbooktitle: 題\n"), "catalog.yml": []byte("CHAPS:\n  - ch01.re\n"), "ch01.re": []byte(chapter)}
	for name, data := range files {
		all[name] = data
	}
	for name, data := range all {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func pngFile(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.SetNRGBA(i%w, i/w, color.NRGBA{200, 20, 20, uint8(i)})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const imageChapter = "= 章\n\n//image[a][図の題]{\n//}\n"

func TestImagesAreShownAndKept(t *testing.T) {
	root := newBook(t, imageChapter, map[string][]byte{"images/a.png": pngFile(t, 50, 40)})
	keep := KeepIn(filepath.Join(root, "kept"))
	o := Options{Files: os.DirFS(root), Dir: ".", Keep: keep}
	first, _, trouble := write(t, &Draft{}, read(t, root, ".", "config.yml"), o)
	if len(trouble) > 0 || !bytes.Contains(first, []byte("/Subtype /Image /Width 50 /Height 40")) {
		t.Fatalf("the image is not there: %v", trouble)
	}
	entries, err := os.ReadDir(filepath.Join(root, "kept"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d images are kept, %v", len(entries), err)
	}
	name := filepath.Join(root, "kept", entries[0].Name())
	again, _, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), o)
	if !bytes.Equal(first, again) {
		t.Error("with the kept image the draft is another")
	}
	for _, damage := range [][]byte{{}, []byte("short"), bytes.Repeat([]byte("x"), 500)} {
		if err := os.WriteFile(name, damage, 0o644); err != nil {
			t.Fatal(err)
		}
		if again, _, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), o); !bytes.Equal(first, again) {
			t.Errorf("a kept image of %d bad bytes was believed", len(damage))
		}
	}
}

func TestAnEditedImageIsSeen(t *testing.T) {
	root := newBook(t, imageChapter, map[string][]byte{"images/a.png": pngFile(t, 50, 40)})
	var d Draft
	o := Options{Files: os.DirFS(root), Dir: "."}
	write(t, &d, read(t, root, ".", "config.yml"), o)
	if err := os.WriteFile(filepath.Join(root, "images/a.png"), pngFile(t, 70, 10), 0o644); err != nil {
		t.Fatal(err)
	}
	data, pages, _ := write(t, &d, read(t, root, ".", "config.yml"), o)
	if len(pages.Fresh) != 1 || !bytes.Contains(data, []byte("/Width 70 /Height 10")) {
		t.Errorf("set again: %v", pages.Fresh)
	}
}

func TestHostileImagesAreReported(t *testing.T) {
	bomb := append([]byte("\x89PNG\r\n\x1a\n"), []byte("\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10IDAT")...)
	good := pngFile(t, 300, 300)
	for name, file := range map[string][]byte{
		"a bomb": bomb, "nothing": {}, "half an image": good[:len(good)/2], "text": []byte("no image"), "a header alone": bomb[:33],
	} {
		root := newBook(t, imageChapter, map[string][]byte{"images/a.png": file})
		data, pages, trouble := write(t, &Draft{}, read(t, root, ".", "config.yml"), Options{Files: os.DirFS(root), Dir: "."})
		told := len(trouble) > 0
		for _, s := range pages.Sheets {
			for _, r := range s.Runs {
				told = told || strings.Contains(string(r.Runes), "a.png")
			}
		}
		if !told || len(data) == 0 {
			t.Errorf("%s is not told of", name)
		}
	}
}

func TestAFigureThatIsAPDFIsDrawnFromThePictureBesideIt(t *testing.T) {
	root := newBook(t, imageChapter, map[string][]byte{"images/a.pdf": []byte("%PDF-1.4\n1 0 obj << /MediaBox [0 0 123 45.5] >>"), "images/a.png": pngFile(t, 20, 20)})
	_, pages, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), Options{Files: os.DirFS(root), Dir: "."})
	for _, s := range pages.Sheets {
		for _, p := range s.Pictures {
			if p.File == "images/a.png" && p.Width > 122.9 && p.Width < 123.1 && p.Height > 45.4 && p.Height < 45.6 {
				return
			}
		}
	}
	t.Error("it is not on the pages at the PDF's size")
}

func TestAPictureThatComesToLieBesideAPDFIsSeen(t *testing.T) {
	root := newBook(t, imageChapter, map[string][]byte{"images/a.pdf": []byte("%PDF-1.4\n1 0 obj << /MediaBox [0 0 123 45.5] >>")})
	var d Draft
	o := Options{Files: os.DirFS(root), Dir: "."}
	write(t, &d, read(t, root, ".", "config.yml"), o)
	for _, width := range []int{20, 30} {
		if err := os.WriteFile(filepath.Join(root, "images/a.png"), pngFile(t, width, 20), 0o644); err != nil {
			t.Fatal(err)
		}
		if data, _, _ := write(t, &d, read(t, root, ".", "config.yml"), o); !bytes.Contains(data, fmt.Appendf(nil, "/Subtype /Image /Width %d ", width)) {
			t.Errorf("a picture of %d pixels is not shown", width)
		}
	}
}

func TestAnEditedLocaleIsSeen(t *testing.T) {
	root := newBook(t, "= 章\n\n//memo[題]{\n本文。\n//}\n", map[string][]byte{"locale.yml": []byte("locale: ja\nmemo_head: 覚え書き\n")})
	var d Draft
	o := Options{Files: os.DirFS(root), Dir: "."}
	write(t, &d, read(t, root, ".", "config.yml"), o)
	if err := os.WriteFile(filepath.Join(root, "locale.yml"), []byte("locale: ja\nmemo_head: 控え\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	edited, _, _ := write(t, &d, read(t, root, ".", "config.yml"), o)
	fresh, _, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), o)
	if !bytes.Equal(edited, fresh) {
		t.Error("after the edit the draft is not that from nothing")
	}
}

// As Re:VIEW has it, makeindex counts below pdfmaker alone.
func TestTheIndexIsMadeWhereReVIEWMakesIt(t *testing.T) {
	for config, made := range map[string]bool{"pdfmaker: {makeindex: true}": true, "makeindex: true": false} {
		root := newBook(t, "= 章\n\n本文の@<idx>{語}。\n", map[string][]byte{"config.yml": []byte("bookname: book\nbooktitle: 題\n" + config + "\n")})
		_, pages, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), Options{Files: os.DirFS(root), Dir: "."})
		said := ""
		for _, s := range pages.Sheets {
			for _, r := range s.Runs {
				said += string(r.Runes)
			}
		}
		if strings.Contains(squeeze(said), "索引") != made {
			t.Errorf("%s: the draft says %q", config, said)
		}
	}
}

func TestTheColophonTellsTheDaysOfTheHistory(t *testing.T) {
	for language, want := range map[string][]string{
		"ja": {"2025年7月2日初版第1刷発行", "2026年11月28日v2.0改訂"},
		"en": {"publishedbyJul.2,2025firstedition", "Nov.28,2026v2.0改訂"},
	} {
		root := newBook(t, "= 章\n\n本文。\n", map[string][]byte{
			"config.yml": []byte("bookname: book\nbooktitle: 題\ncolophon: true\nlanguage: " + language + "\nhistory: [[2025-07-02, 2026-11-28 v2.0 改訂]]\n"),
		})
		_, pages, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), Options{Files: os.DirFS(root), Dir: "."})
		said := ""
		for _, r := range pages.Sheets[len(pages.Sheets)-1].Runs {
			said += string(r.Runes)
		}
		for _, line := range want {
			if !strings.Contains(squeeze(said), line) || strings.Count(squeeze(said), "v2.0") != 1 {
				t.Errorf("%s: the colophon says %q, want %q", language, said, line)
			}
		}
	}
}

func TestEndlessParagraphsAndListingsAreCut(t *testing.T) {
	root := newBook(t, "= 章\n\n//emlist{\n"+strings.Repeat("x", 2_000_000)+"\n//}\n\n後の段落。\n", nil)
	_, pages, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), Options{Files: os.DirFS(root), Dir: "."})
	letters := 0
	for _, s := range pages.Sheets {
		for _, r := range s.Runs {
			letters += len(r.Runes)
		}
	}
	if len(pages.Cut) != 1 || letters > 600_000 {
		t.Errorf("cut: %v, %d letters", pages.Cut, letters)
	}
}

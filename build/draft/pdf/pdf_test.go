package pdf

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build/draft/fonts"
	"github.com/bookci/bookci/build/draft/picture"
	"github.com/bookci/bookci/build/draft/sheet"
	reader "github.com/bookci/bookci/internal/pdf"
)

// line is a run of text in one typeface.
func line(t testing.TB, style fonts.Style, x, y float32, s string) sheet.Run {
	t.Helper()
	face, err := fonts.Load(style)
	if err != nil {
		t.Fatal(err)
	}
	r := sheet.Run{Face: face, Size: 10, X: x, Y: y}
	for _, c := range s {
		r.Glyphs = append(r.Glyphs, face.Glyph(c))
		r.Runes = append(r.Runes, c)
	}
	return r
}

func sample(t testing.TB) *Document {
	doc := &Document{
		Title: "題名（𠮟る）", Author: "著者", Language: "ja", Creator: "bookci", Created: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC),
		Anchors: map[string]Anchor{"ch2": {Sheet: 2, Y: 50}},
		Outline: []Bookmark{{"前書き", 1, Anchor{0, 0}}, {"第1章", 1, Anchor{1, 0}}, {"1.1", 2, Anchor{1, 90}}, {"1.1.1", 3, Anchor{1, 99}}, {"1.2", 2, Anchor{2, 0}}, {"第2章 (b)", 1, Anchor{2, 50}}},
	}
	for i, label := range []string{"i", "1", "2"} {
		s := &sheet.Sheet{Width: 420, Height: 595, Label: label}
		s.Fills = append(s.Fills, sheet.Fill{X: 50, Y: 80, Width: 100, Height: 20, Color: sheet.Gray(.8)})
		s.Runs = append(s.Runs, line(t, fonts.Mincho, 50, 100, "吾輩は猫である、𠮟る（）"), line(t, fonts.Gothic, 50, 130, `a\b(c)`+"\r"+"é"))
		if i == 0 {
			s.Links = append(s.Links, sheet.Link{X: 50, Y: 90, Width: 90, Height: 10, Anchor: "ch2"}, sheet.Link{X: 50, Y: 120, Width: 90, Height: 10, URL: "https://example.com/(a)"}, sheet.Link{Anchor: "nowhere"})
		}
		doc.Sheets = append(doc.Sheets, s)
	}
	return doc
}

func write(t testing.TB, doc *Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(context.Background(), &out, doc); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tool runs one of poppler's programs on a PDF.
func tool(t *testing.T, data []byte, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not on this machine", name)
	}
	file := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "PDF" {
			args[i] = file
		}
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestTextReadsBackAsItWas(t *testing.T) {
	out := tool(t, write(t, sample(t)), "pdftotext", "-raw", "PDF", "-")
	for _, want := range []string{"吾輩は猫である、𠮟る（）", `a\b(c)`, "é"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %q", want, out)
		}
	}
	if strings.Contains(out, "Error") {
		t.Error(out)
	}
}

func TestFontsAreEmbeddedAndMapped(t *testing.T) {
	out := tool(t, write(t, sample(t)), "pdffonts", "PDF")
	if n := len(regexp.MustCompile(`(?m)^[A-Z]{6}\+BIZUD\w+-Regular +CID TrueType +Identity-H +yes yes yes`).FindAllString(out, -1)); n != 2 {
		t.Errorf("fonts are\n%s", out)
	}
}

func TestTheStructureIsSound(t *testing.T) {
	out := tool(t, write(t, sample(t)), "qpdf", "--check", "PDF")
	if !strings.Contains(out, "No syntax or stream encoding errors found") {
		t.Error(out)
	}
}

func TestTheDocumentTellsItsTitleAndLanguage(t *testing.T) {
	data := write(t, sample(t))
	out := tool(t, data, "pdfinfo", "PDF")
	for _, want := range []string{"題名（𠮟る）", "著者", "2026", "420 x 595"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for _, want := range []string{"/Lang (ja)", "/Nums [ 0 << /S /r /St 1 >> 1 << /S /D /St 1 >> ]", "/URI (https://example.com/\\(a\\))"} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("the file does not hold %q", want)
		}
	}
	if n := bytes.Count(data, []byte("/Subtype /Link")); n != 2 {
		t.Errorf("there are %d links; one leads nowhere and is left out", n)
	}
}

// Every bookmark is reached once by following the tree as a viewer does.
func TestBookmarksNest(t *testing.T) {
	data := string(write(t, sample(t)))
	object := func(n string) string {
		_, after, _ := strings.Cut(data, "\n"+n+" 0 obj\n")
		body, _, _ := strings.Cut(after, "\nendobj")
		return body
	}
	ref := func(body, key string) string {
		if m := regexp.MustCompile("/" + key + ` (\d+) 0 R`).FindStringSubmatch(body); m != nil {
			return m[1]
		}
		return ""
	}
	var shape strings.Builder
	var walk func(n, parent string)
	walk = func(n, parent string) {
		before := ""
		for ; n != ""; n = ref(object(n), "Next") {
			body := object(n)
			if ref(body, "Parent") != parent || ref(body, "Prev") != before {
				t.Errorf("bookmark %s has wrong neighbours: %s", n, body)
			}
			shape.WriteString("(")
			walk(ref(body, "First"), n)
			shape.WriteString(")")
			before = n
		}
		if parent != "" && ref(object(parent), "Last") != before {
			t.Errorf("the last child of %s is %s, not %s", parent, ref(object(parent), "Last"), before)
		}
	}
	root := ref(data, "Outlines")
	walk(ref(object(root), "First"), root)
	if got := shape.String(); got != "()((())())()" {
		t.Errorf("the tree is %s", got)
	}
}

func TestTheSameDocumentGivesTheSameBytes(t *testing.T) {
	first := write(t, sample(t))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(7))
	if !bytes.Equal(first, write(t, sample(t))) {
		t.Error("two runs differ")
	}
}

// photo is an image of four quarters: red, green, blue, yellow.
func photo() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 40, 20))
	for y := range 20 {
		for x := range 40 {
			img.Set(x, y, []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 0, 255}}[x/20+2*(y/10)])
		}
	}
	return img
}

func TestImagesAreTurnedAsTheCameraWas(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, photo(), &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	// The colours of the upright image: upper left, upper right, lower left, lower right.
	want := map[int]string{1: "RGBY", 2: "GRYB", 3: "YBGR", 4: "BYRG", 5: "RBGY", 6: "BRYG", 7: "YGBR", 8: "GYRB"}
	for orientation, colors := range want {
		doc := &Document{Picture: func(string) (*picture.Object, error) {
			info, err := picture.Probe(file.Bytes())
			if err != nil {
				return nil, err
			}
			return picture.Encode(info, file.Bytes(), nil)
		}}
		doc.Sheets = []*sheet.Sheet{{Width: 72, Height: 72, Pictures: []sheet.Picture{{Width: 72, Height: 72, File: "x", Orientation: orientation}}}}
		if got := corners(t, write(t, doc)); got != colors {
			t.Errorf("orientation %d shows %s, not %s", orientation, got, colors)
		}
	}
}

// corners draws the first page and names the colours of its quarters.
func corners(t *testing.T, data []byte) string {
	out := filepath.Join(t.TempDir(), "page")
	tool(t, data, "pdftoppm", "-r", "72", "-png", "-singlefile", "PDF", out)
	f, err := os.Open(out + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, at := range []image.Point{{18, 18}, {54, 18}, {18, 54}, {54, 54}} {
		r, g, b, _ := img.At(at.X, at.Y).RGBA()
		switch {
		case r > 0x8000 && g > 0x8000 && b > 0x8000:
			names += "W"
		case r > 0x8000 && g > 0x8000:
			names += "Y"
		case r > 0x8000:
			names += "R"
		case g > 0x8000:
			names += "G"
		case b > 0x8000:
			names += "B"
		default:
			names += "?"
		}
	}
	return names
}

func TestAnImageThatFailsIsAGrayArea(t *testing.T) {
	doc := sample(t)
	doc.Sheets[0].Pictures = []sheet.Picture{{Width: 10, Height: 10, File: "broken.png"}}
	doc.Picture = func(string) (*picture.Object, error) { return nil, errors.New("is broken") }
	var told string
	doc.Failed = func(file string, err error) { told = file + " " + err.Error() }
	out := tool(t, write(t, doc), "qpdf", "--check", "PDF")
	if told != "broken.png is broken" || strings.Contains(out, "WARN") {
		t.Errorf("told %q; %s", told, out)
	}
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("the disk is full")
	}
	return len(p), nil
}

func TestAWriterThatFailsEndsTheWriting(t *testing.T) {
	for _, room := range []int{0, 100, 3000} {
		if err := Write(context.Background(), &full{room}, sample(t)); err == nil {
			t.Errorf("no error with room for %d bytes", room)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Write(ctx, &bytes.Buffer{}, sample(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What a watch and the preview say of a draft comes from reading it back.
func TestTheReaderFollowsTheWriter(t *testing.T) {
	data := write(t, sample(t))
	d, err := reader.Open(t.Context(), bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := d.Count(); n != 3 || err != nil {
		t.Errorf("%d pages, %v", n, err)
	}
	drawn := map[string]bool{}
	err = d.EachPage(func(p reader.Page) error {
		text, err := p.Key("Contents").Content(1 << 20)
		drawn[string(text)] = true
		return err
	})
	if err != nil || d.Err() != nil || len(drawn) == 0 || drawn[""] {
		t.Errorf("%d pages draw something, %v, %v", len(drawn), err, d.Err())
	}
	if title := d.Root().Key("Outlines").Key("First").Key("Title").Text(); title != "前書き" {
		t.Errorf("the first title is %q", title)
	}
}

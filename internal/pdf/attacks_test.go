package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zlib"
)

// plain is a PDF of objects, numbered from 1, with a table of the old kind. In
// more stands what the trailer says besides; HERE is the place of the table.
func plain(more string, objects ...string) []byte {
	var b, table bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	for i, object := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	more = strings.ReplaceAll(more, "HERE", fmt.Sprint(start))
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, &table, len(objects)+1, more, start)
	return b.Bytes()
}

// streamed is a PDF of objects, numbered from 1, with a stream for a table. Its
// number is the next one. The objects in held lie in the object that they name.
func streamed(more string, held map[int]int, objects ...string) []byte {
	var b bytes.Buffer
	rows := []byte{0, 0, 0, 0, 0, 0}
	row := func(kind byte, n int) {
		rows = append(rows, kind, byte(n>>24), byte(n>>16), byte(n>>8), byte(n), 0)
	}
	b.WriteString("%PDF-1.5\n")
	for i, object := range append(objects, "") {
		if stream, ok := held[i+1]; ok {
			row(2, stream)
			continue
		}
		row(1, b.Len())
		if i < len(objects) {
			fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
		}
	}
	start := b.Len()
	more = strings.ReplaceAll(more, "HERE", fmt.Sprint(start))
	if !strings.Contains(more, "/W[") {
		more += "/W[1 4 1]"
	}
	if !strings.Contains(more, "/Size") {
		more += fmt.Sprintf("/Size %d", len(objects)+2)
	}
	fmt.Fprintf(&b, "%d 0 obj\n<</Type/XRef/Root 1 0 R/Length %d%s>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, len(rows), more, rows, start)
	return b.Bytes()
}

func packed(t testing.TB, entries string, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return streamOf(entries+"/Filter/FlateDecode", b.String())
}

func streamOf(entries, text string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", entries, len(text), text)
}

const (
	catalog = "<</Type/Catalog/Pages 2 0 R>>"
	onePage = "<</Type/Pages/Count 1/Kids[3 0 R]>>"
)

// attack is a PDF that asks too much, and what must be said of it.
type attack struct {
	name, want string
	pdf        []byte
}

func attacks(t testing.TB) []attack {
	zeros := func(n int) []byte { return make([]byte, n) }
	halves := []string{catalog} // each node holds the next one twice
	for i := 2; i < 30; i++ {
		halves = append(halves, fmt.Sprintf("<</Type/Pages/Count 1/Kids[%d 0 R %d 0 R]>>", i+1, i+1))
	}
	lengths, held := []string{catalog, onePage, "<</Contents 4 0 R>>"}, map[int]int{} // each length lies in the next stream
	for i := 4; i < 100; i += 2 {
		lengths = append(lengths, fmt.Sprintf("<</Length %d 0 R/Type/ObjStm/N 1/First 4>>\nstream\n%d 0 1\nendstream", i+1, i-1), "")
		held[i+1] = i + 2
	}
	deep := "<</Contents 4 0 R/Deep " + strings.Repeat("[", 5_000_000) + ">>"
	page := func(contents string) string { return "<</Contents " + contents + ">>" }
	return []attack{
		{"a stream of objects holds itself", "needed to read itself|no stream of objects",
			streamed("", map[int]int{2: 3, 3: 3}, catalog, "", streamOf("/Type/ObjStm/N 2/First 8", "2 0 3 0 <<>>"))},
		{"two streams of objects hold each other", "no stream of objects",
			streamed("", map[int]int{2: 4, 3: 4, 4: 3}, catalog, "", "", "")},
		{"the length of a stream of objects lies in it", "needed to read itself",
			streamed("", map[int]int{2: 3, 4: 3}, catalog, "", "<</Type/ObjStm/N 2/First 8/Length 4 0 R>>\nstream\n2 0 4 4 <<>>12\nendstream", "")},
		{"lengths lie in streams without end", "needed to read itself", streamed("", held, lengths...)},
		{"a table claims 200 billion objects", "EOF", streamed("/Size 200000000000", nil, catalog)},
		{"a range begins at 200 billion", "behind its end", streamed("/Index[200000000000 1]", nil, catalog)},
		{"a table of the old kind claims 200 billion objects", "no entry",
			bytes.Replace(plain("", catalog), []byte("xref\n0 2\n"), []byte("xref\n0 200000000000\n"), 1)},
		{"rows are empty", "rows are empty", streamed("/W[0 0 0]/Size 2000000000", nil, catalog)},
		{"a table of millions from a few bytes", "the last that is read",
			bytes.Replace(streamed("", nil, catalog), []byte("/Type/XRef"), []byte("/Type/XRef/Index[2097150 3]"), 1)},
		{"the table before is the table itself", "round in circles", plain("/Prev HERE", catalog)},
		{"the stream before is the stream itself", "round in circles", streamed("/Prev HERE", nil, catalog)},
		{"pages hold themselves", "within themselves", plain("", catalog, "<</Count 2/Kids[2 0 R 2 0 R]>>")},
		{"pages double at each level", "too many pages", plain("", halves...)},
		{"arrays are five million deep", "too deep", plain("", catalog, onePage, deep, streamOf("", ""))},
		{"a stream of objects unpacks to 40 MB", "unpacks to more",
			streamed("", map[int]int{2: 3}, catalog, "", packed(t, "/Type/ObjStm/N 1/First 4", append([]byte("2 0 <<>>"), zeros(40<<20)...)))},
		{"a stream of objects holds a million", "does not say where",
			streamed("", map[int]int{2: 3}, catalog, "", packed(t, "/Type/ObjStm/N 1000000/First 4", func() []byte {
				var b bytes.Buffer
				for i := range 1_000_000 {
					fmt.Fprintf(&b, "%d 0 ", i)
				}
				return b.Bytes()
			}()))},
		{"an object of millions of values", "holds too much",
			plain("", catalog, onePage, "<</Contents 4 0 R/Wide["+strings.Repeat("<</A 1>>", 500_000)+"]>>", streamOf("", ""))},
		{"one stream is drawn a hundred thousand times", errWork.Error(),
			plain("", catalog, onePage, page("["+strings.Repeat("4 0 R ", 100_000)+"]"), packed(t, "", zeros(10<<20)))},
		{"a stream is packed a hundred times", "packed too often",
			plain("", catalog, onePage, page("4 0 R"), streamOf("/Filter["+strings.Repeat("/FlateDecode ", 100)+"]", "x"))},
		{"rows of a predictor are a terabyte", "rows make no sense",
			plain("", catalog, onePage, page("4 0 R"), packed(t, "/DecodeParms<</Predictor 12/Columns 1000000000000>>", zeros(9)))},
		{"a stream is longer than the file", "longer than the file",
			plain("", catalog, onePage, page("4 0 R"), "<</Length 9000000000000000000>>\nstream\n\nendstream")},
	}
}

func TestAttacksEndSoonAndInLittleMemory(t *testing.T) {
	for _, a := range attacks(t) {
		t.Run(a.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			const work = 256 << 20
			d, err := open(ctx, bytes.NewReader(a.pdf), int64(len(a.pdf)), work)
			if err == nil {
				_, err = d.pageSums()
			}
			runtime.ReadMemStats(&after)
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 256 {
				t.Errorf("it took %d MB", took)
			}
			if err == nil {
				t.Fatal("it was read")
			}
			found := false
			for _, want := range strings.Split(a.want, "|") {
				found = found || strings.Contains(err.Error(), want)
			}
			if !found {
				t.Errorf("it was refused for: %v", err)
			}
		})
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	cause := errors.New("enough")
	data := plain("", catalog, onePage, "<</Contents["+strings.Repeat("4 0 R ", 100)+"]>>", packed(t, "", make([]byte, 1<<20)))
	ctx, cancel := context.WithCancelCause(t.Context())
	d, err := Open(ctx, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	cancel(cause)
	if _, err := d.pageSums(); !errors.Is(err, cause) {
		t.Errorf("it ended with %v", err)
	}
}

// made are PDFs of the programs that books are made with.
func made(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.pdf")
	if err != nil || len(names) == 0 {
		t.Fatalf("no PDFs in testdata: %v", err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestWhatMakersWriteIsRead(t *testing.T) {
	for name, data := range made(t) {
		d, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		count, err := d.Count()
		if err != nil || count != 3 {
			t.Errorf("%s has %d pages, %v", name, count, err)
		}
		sums, err := d.pageSums()
		if err != nil || len(sums) != 3 || sums[0] == sums[1] || sums[1] == sums[2] || sums[0] == sums[2] {
			t.Errorf("%s: sums %x, %v", name, sums, err)
		}
		if title := d.Root().Key("Outlines").Key("First").Key("Title").Text(); title == "" {
			t.Errorf("%s has no title in its outline", name)
		}
	}
}

func FuzzPDF(f *testing.F) {
	for _, data := range made(f) {
		f.Add(data)
	}
	for _, a := range attacks(f) {
		if len(a.pdf) < 4<<10 {
			f.Add(a.pdf)
		}
	}
	f.Add(plain("", catalog, onePage, "<</Contents 4 0 R>>", packed(f, "/DecodeParms<</Predictor 15/Columns 3>>", []byte("\x00abc\x01abc\x02abc\x03abc\x04abc"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		const work = 4 << 20
		d, err := open(t.Context(), bytes.NewReader(data), int64(len(data)), work)
		if err != nil {
			return
		}
		n, err := d.Count()
		if err == nil && (n <= 0 || n > mostNodes) {
			t.Errorf("%d pages", n)
		}
		_, _ = d.pageSums()
		_ = d.Root().String()
		_ = d.Root().Key("Outlines").Key("First").Key("Title").Text()
		if d.left < -mostUnpacked {
			t.Errorf("%d more than allowed was done", -d.left)
		}
	})
}

package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Document is a PDF that is being read, by one goroutine.
type Document struct {
	purse
	file io.ReaderAt
	size int64

	table   []place // of the objects, by their numbers
	trailer Value
	key     *fileKey // nil unless the file is encrypted

	loading map[int64]bool // objects on whose way others are read
	objects map[int64]any  // read before
	kept    int            // values in objects
	streams map[int64]*objectStream
	held    int // bytes in streams

	faults int   // objects that could not be read
	fault  error // the first
}

// Open reads where the objects of a PDF lie. Reading the PDF ends with ctx, as
// Err tells.
func Open(ctx context.Context, file io.ReaderAt, size int64) (*Document, error) {
	return open(ctx, file, size, workFor(size))
}

func open(ctx context.Context, file io.ReaderAt, size, work int64) (*Document, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	head := make([]byte, 5)
	if _, err := file.ReadAt(head, 0); err != nil || string(head) != "%PDF-" {
		return nil, errors.New("it does not begin as a PDF does")
	}
	tail := make([]byte, min(size, 1024))
	if n, err := file.ReadAt(tail, size-int64(len(tail))); n < len(tail) {
		return nil, err
	}
	if !bytes.HasSuffix(bytes.TrimRight(tail, "\r\n \x00"), []byte("%%EOF")) {
		return nil, errors.New("its end is missing")
	}
	d := &Document{
		purse: purse{ctx: ctx, left: work},
		// The file may grow meanwhile.
		file: io.NewSectionReader(file, 0, size), size: size,
		loading: map[int64]bool{}, objects: map[int64]any{}, streams: map[int64]*objectStream{},
	}
	at := bytes.LastIndex(tail, []byte("startxref"))
	if at < 0 {
		return nil, errors.New("it does not say where its objects lie")
	}
	l := &lexer{purse: &d.purse, window: tail[at+len("startxref"):]}
	start, ok := l.token().(int64)
	if !ok {
		return nil, errors.New("it does not say where its objects lie")
	}
	if err := d.readTable(start); err != nil {
		return nil, err
	}
	if err := d.unlock(); err != nil {
		return nil, err
	}
	return d, d.Err()
}

// Root is the catalog of the PDF.
func (d *Document) Root() Value { return d.trailer.Key("Root") }

// Ended tells why the reading ended before the PDF did, nil when it did not.
func (d *Document) Ended() error { return d.ended }

// Err is the first of what could not be read so far.
func (d *Document) Err() error {
	if d.ended != nil {
		return d.ended
	}
	return d.fault
}

// Faults counts what could not be read so far.
func (d *Document) Faults() int { return d.faults }

func (d *Document) failed(err error) {
	d.faults++
	if d.fault == nil {
		d.fault = err
	}
}

// load is an object, nil when the file has none of that name.
func (d *Document) load(ref Ref) any {
	if !d.spend(costOfLookup) || ref.Number <= 0 || ref.Number >= int64(len(d.table)) {
		return nil
	}
	if x, ok := d.objects[ref.Number]; ok {
		if b, ok := x.(broken); ok {
			d.failed(b.err)
			return nil
		}
		return x
	}
	if d.loading[ref.Number] || len(d.loading) >= mostLoading {
		d.failed(fmt.Errorf("object %d is needed to read itself", ref.Number))
		return nil
	}
	d.loading[ref.Number] = true
	defer delete(d.loading, ref.Number)
	var x any
	var values int
	var err error
	switch p := d.table[ref.Number]; p.kind {
	case inFile:
		x, values, err = d.readObject(p.at, ref.Number)
	case inStream:
		x, values, err = d.readFromStream(p.at, ref.Number)
	}
	if err != nil {
		err = fmt.Errorf("object %d: %w", ref.Number, err)
		d.failed(err)
		x, values = broken{err}, 1
	}
	if d.kept += values + 1; d.kept > mostKept {
		clear(d.objects)
		d.kept = values + 1
	}
	d.objects[ref.Number] = x
	if err != nil {
		return nil
	}
	return x
}

// broken stands for an object that cannot be read: each use of it is a fault.
type broken struct{ err error }

// readObject reads the object at a place of the file, and tells how many values
// it holds. An object of another number is an error, unless number is 0.
func (d *Document) readObject(at, number int64) (x any, values int, err error) {
	if at < 0 || at >= d.size {
		return nil, 0, errors.New("it lies outside the file")
	}
	l := &lexer{purse: &d.purse, source: d.file, start: at}
	own, ok := l.token().(int64)
	generation, also := l.token().(int64)
	if word := l.token(); !ok || !also || word != keyword("obj") || number != 0 && own != number {
		return nil, 0, errors.New("it is not where the table says")
	}
	x = l.object(0)
	ref := Ref{own, generation}
	switch end := l.token(); end {
	case keyword("stream"):
		entries, ok := x.(dict)
		if !ok {
			return nil, 0, errors.New("a stream has no dictionary")
		}
		// The data begin on the next line.
		if l.peek() == '\r' {
			l.next()
		}
		if l.peek() == '\n' {
			l.next()
		}
		x = &stream{entries, l.at(), ref}
	default:
		// An object that is a reference: another number and an R follow.
		if second, ok := end.(int64); ok && l.token() == keyword("R") {
			first, ok := x.(int64)
			if !ok {
				return nil, 0, errors.New("a reference names no object")
			}
			x = d.load(Ref{first, second})
		}
	}
	if l.err != nil {
		return nil, 0, l.err
	}
	if d.key != nil {
		x = d.key.strings(x, ref)
	}
	return x, l.values, nil
}

// objectStream is a stream that holds objects, unpacked.
type objectStream struct {
	text   []byte
	places map[int64]int64 // in text, by the objects' numbers
}

// readFromStream reads an object that lies in the stream with a number. Such a
// stream lies in the file itself: what is in streams cannot hold itself.
func (d *Document) readFromStream(stream, number int64) (x any, values int, err error) {
	s, err := d.objectStream(stream)
	if err != nil {
		return nil, 0, err
	}
	at, ok := s.places[number]
	if !ok || at < 0 || at > int64(len(s.text)) {
		return nil, 0, fmt.Errorf("stream %d does not hold it", stream)
	}
	l := &lexer{purse: &d.purse, window: s.text[at:]}
	x = l.object(0)
	return x, l.values, l.err
}

func (d *Document) objectStream(number int64) (*objectStream, error) {
	if s, ok := d.streams[number]; ok {
		return s, nil
	}
	if number <= 0 || number >= int64(len(d.table)) || d.table[number].kind != inFile {
		return nil, fmt.Errorf("%d is no stream of objects", number)
	}
	v := d.value(Ref{Number: number})
	if !v.IsStream() || v.Key("Type").Name() != "ObjStm" {
		return nil, fmt.Errorf("%d is no stream of objects", number)
	}
	text, err := v.unpack(mostUnpacked)
	if err != nil {
		return nil, fmt.Errorf("stream %d: %w", number, err)
	}
	s := &objectStream{text: text, places: map[int64]int64{}}
	first := v.Key("First").Int64()
	l := &lexer{purse: &d.purse, window: text}
	for range v.Key("N").Int64() {
		own, ok := l.token().(int64)
		at, also := l.token().(int64)
		if !ok || !also || first < 0 || at < 0 || len(s.places) > mostValues || !d.spend(costOfValue) {
			return nil, fmt.Errorf("stream %d does not say where its objects are", number)
		}
		s.places[own] = first + at
	}
	const valueSize = 64 // of an entry of the map
	size := len(text) + valueSize*len(s.places)
	if d.held += size; d.held > 2*mostUnpacked {
		clear(d.streams)
		d.held = size
	}
	d.streams[number] = s
	return s, nil
}

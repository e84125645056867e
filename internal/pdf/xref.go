package pdf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// place is where an object lies.
type place struct {
	kind placeKind
	at   int64 // in the file, or the number of the stream that holds it
}

type placeKind uint8

const (
	unknown placeKind = iota
	free              // an update of the file took the object away
	inFile
	inStream
)

// setPlace notes where an object lies. The newest update is read first: what it
// says stays. The table grows with what the file really holds, never by what it
// says of itself.
func (d *Document) setPlace(number int64, p place) error {
	if number < 0 || number >= mostObjects {
		return fmt.Errorf("it has an object %d, and %d is the last that is read", number, mostObjects-1)
	}
	if !d.spend(costOfValue) {
		return d.ended
	}
	if n := number + 1 - int64(len(d.table)); n > 0 {
		d.table = append(d.table, make([]place, n)...)
	}
	if d.table[number].kind == unknown {
		d.table[number] = p
	}
	return nil
}

// readTable reads the cross-reference section at a place and those before it.
func (d *Document) readTable(at int64) error {
	seen := map[int64]bool{}
	waiting := []int64{at}
	for len(waiting) > 0 {
		at := waiting[0]
		waiting = waiting[1:]
		if seen[at] {
			return errors.New("its tables of objects go round in circles")
		}
		if seen[at] = true; len(seen) > mostSections {
			return errors.New("it has too many tables of objects")
		}
		entries, err := d.readSection(at)
		if err != nil {
			return fmt.Errorf("table of objects: %w", err)
		}
		section := Value{d, entries}
		if d.trailer.IsNull() {
			d.trailer = section
		}
		// XRefStm adds to a table for older readers what only streams can say.
		for _, key := range []Name{"XRefStm", "Prev"} {
			if other, ok := section.entries()[key].(int64); ok {
				waiting = append(waiting, other)
			}
		}
	}
	return nil
}

// readSection reads one section, and returns its trailer.
func (d *Document) readSection(at int64) (dict, error) {
	if at < 0 || at >= d.size {
		return nil, errors.New("it lies outside the file")
	}
	l := &lexer{purse: &d.purse, source: d.file, start: at}
	if l.token() == keyword("xref") {
		return d.readPlainSection(l)
	}
	x, _, err := d.readObject(at, 0)
	if err != nil {
		return nil, err
	}
	s, ok := x.(*stream)
	if !ok {
		return nil, errors.New("it is not where the file says")
	}
	return s.dict, d.readStreamSection(Value{d, s})
}

func (d *Document) readPlainSection(l *lexer) (dict, error) {
	bad := errors.New("a line of it is no entry")
	for {
		token := l.token()
		if token == keyword("trailer") {
			break
		}
		first, ok := token.(int64)
		count, also := l.token().(int64)
		if !ok || !also || first < 0 || first > mostObjects {
			return nil, errors.Join(l.err, bad)
		}
		for i := range count {
			offset, ok := l.token().(int64)
			_, also := l.token().(int64)
			p := place{free, 0}
			switch kind := l.token(); {
			case !ok || !also:
				return nil, errors.Join(l.err, bad)
			case kind == keyword("n") && offset > 0:
				p = place{inFile, offset}
			case kind != keyword("n") && kind != keyword("f"):
				return nil, errors.Join(l.err, bad)
			}
			if err := d.setPlace(first+i, p); err != nil {
				return nil, err
			}
		}
	}
	entries, ok := l.object(0).(dict)
	if !ok || l.err != nil {
		return nil, errors.Join(l.err, errors.New("it has no trailer"))
	}
	return entries, nil
}

// readStreamSection reads a section that is a stream of rows of three numbers.
func (d *Document) readStreamSection(v Value) error {
	if v.Key("Type").Name() != "XRef" {
		return errors.New("it is not where the file says")
	}
	var widths [3]int64
	total := int64(0)
	for i := range widths {
		widths[i] = v.Key("W").Index(i).Int64()
		if widths[i] < 0 || widths[i] > 8 {
			return errors.New("its numbers are too long")
		}
		total += widths[i]
	}
	if total == 0 {
		return errors.New("its rows are empty")
	}
	ranges := []int64{0, v.Key("Size").Int64()}
	if index := v.Key("Index"); index.IsArray() {
		ranges = nil
		for i := range index.Len() {
			ranges = append(ranges, index.Index(i).Int64())
		}
	}
	reader, end, err := v.reader()
	if err != nil {
		return err
	}
	defer end()
	rows := bufio.NewReader(reader)
	row := make([]byte, total)
	for ; len(ranges) >= 2; ranges = ranges[2:] {
		if ranges[0] < 0 || ranges[0] > mostObjects {
			return errors.New("it begins behind its end")
		}
		for i := range ranges[1] {
			if _, err := io.ReadFull(rows, row); err != nil {
				return fmt.Errorf("entry %d: %w", ranges[0]+i, err)
			}
			if err := d.setPlace(ranges[0]+i, placeOf(row, widths)); err != nil {
				return err
			}
		}
	}
	return nil
}

func placeOf(row []byte, widths [3]int64) place {
	var n [3]int64
	for i, width := range widths {
		for _, c := range row[:width] {
			n[i] = n[i]<<8 | int64(c)
		}
		row = row[width:]
	}
	if widths[0] == 0 {
		n[0] = 1
	}
	switch {
	case n[0] == 1 && n[1] > 0:
		return place{inFile, n[1]}
	case n[0] == 2:
		return place{inStream, n[1]}
	}
	return place{free, 0}
}

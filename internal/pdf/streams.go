package pdf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// errFilter says that a stream is packed in a way that is not read here, as
// pictures are. Its bytes can be read as they stand.
var errFilter = errors.New("its packing is not known")

// paid reads what the purse allows.
type paid struct {
	r     io.Reader
	purse *purse
}

func (p paid) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if !p.purse.spend(int64(n)) {
		return 0, p.purse.ended
	}
	return n, err
}

// raw reads the bytes of a stream as they stand in the file, or unlocked where
// the file is encrypted.
func (v Value) raw() (io.Reader, error) {
	s, ok := v.data.(*stream)
	if !ok {
		return nil, errors.New("it is no stream")
	}
	length := v.Key("Length").Int64()
	if length < 0 || length > v.d.size-s.at {
		return nil, errors.New("a stream is longer than the file")
	}
	if !v.d.purse.spend(costOfStream) {
		return nil, v.d.purse.ended
	}
	var r io.Reader = paid{io.NewSectionReader(v.d.file, s.at, length), &v.d.purse}
	if v.d.key != nil && length > 0 {
		return v.d.key.reader(r, s)
	}
	return r, nil
}

// reader unpacks a stream. The reader is given back by end.
func (v Value) reader() (r io.Reader, end func(), err error) {
	var done []func()
	release := func() {
		for _, f := range done {
			f()
		}
	}
	defer func() {
		if err != nil {
			release()
		}
	}()
	filter, params := v.Key("Filter"), v.Key("DecodeParms")
	var filters, settings []Value
	switch {
	case filter.IsName():
		filters, settings = []Value{filter}, []Value{params}
	case filter.IsArray():
		if filter.Len() > mostFilters {
			return nil, nil, errors.New("it is packed too often")
		}
		for i := range filter.Len() {
			filters, settings = append(filters, filter.Index(i)), append(settings, params.Index(i))
		}
	case !filter.IsNull():
		return nil, nil, errFilter
	}
	if r, err = v.raw(); err != nil {
		return nil, nil, err
	}
	// An empty stream is not packed, whatever it says.
	if v.Key("Length").Int64() == 0 {
		return r, release, nil
	}
	for i, f := range filters {
		if f.Name() != "FlateDecode" {
			return nil, nil, errFilter
		}
		z, err := inflate(r)
		if err != nil {
			return nil, nil, err
		}
		done = append(done, func() { inflaters.Put(z) })
		r = paid{z, &v.d.purse}
		if r, err = predicted(r, settings[i], &v.d.purse); err != nil {
			return nil, nil, err
		}
	}
	return r, release, nil
}

// inflaters keeps readers of zlib, of which each takes 40 KB, for the next stream.
var inflaters sync.Pool

func inflate(r io.Reader) (io.ReadCloser, error) {
	if z, ok := inflaters.Get().(io.ReadCloser); ok {
		return z, z.(zlib.Resetter).Reset(r, nil)
	}
	return zlib.NewReader(r)
}

// unpack is what a stream holds, up to a number of bytes.
func (v Value) unpack(most int64) ([]byte, error) {
	r, end, err := v.reader()
	if err != nil {
		return nil, err
	}
	defer end()
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it unpacks to more than %d bytes", most)
	}
	return data, err
}

// Content is what a content stream draws, up to a number of bytes. One that is
// packed in a way that is not read here counts as its bytes stand.
func (v Value) Content(most int64) ([]byte, error) {
	var out bytes.Buffer
	err := v.copyContent(&out, most)
	return out.Bytes(), err
}

func (v Value) copyContent(w io.Writer, most int64) error {
	r, end, err := v.reader()
	if errors.Is(err, errFilter) {
		r, err = v.raw()
		end = func() {}
	}
	if err != nil {
		return err
	}
	defer end()
	_, err = io.Copy(w, io.LimitReader(r, most))
	return err
}

// CopyRaw copies the bytes of a stream as they stand in the file.
func (v Value) CopyRaw(w io.Writer) error {
	r, err := v.raw()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

// predicted undoes what was done to rows of bytes before they were packed, each
// byte as its difference from its neighbours, in the way of PNG.
func predicted(r io.Reader, settings Value, purse *purse) (io.Reader, error) {
	number := func(key Name, otherwise int64) int64 {
		if v := settings.Key(key); !v.IsNull() {
			return v.Int64()
		}
		return otherwise
	}
	predictor := number("Predictor", 1)
	if predictor == 1 {
		return r, nil
	}
	colours, bits, columns := number("Colors", 1), number("BitsPerComponent", 8), number("Columns", 1)
	if predictor < 10 || predictor > 15 {
		return nil, errFilter
	}
	if colours < 1 || colours > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 8*mostRow {
		return nil, errors.New("its rows make no sense")
	}
	size := (colours*bits*columns + 7) / 8
	if size > mostRow {
		return nil, errors.New("its rows are too long")
	}
	return &rows{r: bufio.NewReader(r), purse: purse, pixel: int((colours*bits + 7) / 8), row: make([]byte, 1+size), above: make([]byte, 1+size)}, nil
}

// rows reads rows of which each begins with the number of a predictor.
type rows struct {
	r          *bufio.Reader
	purse      *purse
	pixel      int // bytes from a byte to the one left of it
	row, above []byte
	rest       []byte // of row, not read yet
}

// Read gives more than one row where there is room: rows can be of one byte.
func (p *rows) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(p.rest) == 0 {
			if err := p.next(); err != nil {
				return n, err
			}
		}
		some := copy(b[n:], p.rest)
		p.rest = p.rest[some:]
		n += some
	}
	return n, nil
}

func (p *rows) next() error {
	p.row, p.above = p.above, p.row
	n, err := io.ReadFull(p.r, p.row)
	// A last row that is short ends with io.ErrUnexpectedEOF. So do data that
	// break off, which say it again at the next call: then nothing is read.
	if n == 0 || err != nil && err != io.ErrUnexpectedEOF {
		return err
	}
	if !p.purse.spend(costOfRow + costOfPredicting*int64(n)) {
		return p.purse.ended
	}
	if err := p.undo(n); err != nil {
		return err
	}
	p.rest = p.row[1:n]
	return nil
}

func (p *rows) undo(n int) error {
	row, above := p.row[1:n], p.above[1:]
	left := func(i int) int {
		if i < p.pixel {
			return 0
		}
		return int(row[i-p.pixel])
	}
	switch p.row[0] {
	case 0:
	case 1:
		for i := p.pixel; i < len(row); i++ {
			row[i] += row[i-p.pixel]
		}
	case 2:
		for i := range row {
			row[i] += above[i]
		}
	case 3:
		for i := range row {
			row[i] += byte((left(i) + int(above[i])) / 2)
		}
	case 4:
		for i := range row {
			corner := 0
			if i >= p.pixel {
				corner = int(above[i-p.pixel])
			}
			row[i] += nearest(left(i), int(above[i]), corner)
		}
	default:
		return errors.New("a row has an unknown predictor")
	}
	return nil
}

// nearest is the neighbour that is nearest to left + above - corner.
func nearest(left, above, corner int) byte {
	distance := func(n int) int {
		return max(left+above-corner-n, n-(left+above-corner))
	}
	switch a, b, c := distance(left), distance(above), distance(corner); {
	case a <= b && a <= c:
		return byte(left)
	case b <= c:
		return byte(above)
	}
	return byte(corner)
}

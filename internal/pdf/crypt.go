package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"io"
)

// fileKey unlocks a PDF that opens without a password: books that may be read
// but not printed are encrypted like that.
type fileKey struct {
	key []byte
	aes bool
}

var passwordPadding = []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")

// unlock finds the key of an encrypted PDF.
func (d *Document) unlock() error {
	if _, ok := d.trailer.entries()["Encrypt"]; !ok {
		return nil
	}
	e := d.trailer.Key("Encrypt")
	version, revision, bits := e.Key("V").Int64(), e.Key("R").Int64(), e.Key("Length").Int64()
	if e.Key("Length").IsNull() {
		bits = 40
	}
	k := &fileKey{}
	switch {
	case e.Key("Filter").Name() != "Standard":
		return errors.New("it is encrypted in an unknown way")
	case version == 1 || version == 2:
	case version == 4:
		filter := e.Key("CF").Key(e.Key("StmF").Name())
		switch filter.Key("CFM").Name() {
		case "AESV2":
			k.aes = true
		case "V2":
		default:
			return errors.New("it is encrypted in an unknown way")
		}
		bits = 128
	default:
		return errors.New("it is encrypted in an unknown way")
	}
	owner, user := e.Key("O").Raw(), e.Key("U").Raw()
	if bits < 40 || bits > 128 || bits%8 != 0 || len(owner) != 32 || len(user) != 32 || revision < 2 || revision > 4 {
		return errors.New("its encryption makes no sense")
	}
	id := d.trailer.Key("ID").Index(0).Raw()
	h := md5.New()
	h.Write(passwordPadding)
	io.WriteString(h, owner)
	binary.Write(h, binary.LittleEndian, uint32(e.Key("P").Int64()))
	io.WriteString(h, id)
	if revision >= 4 && e.Key("EncryptMetadata").data == false {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	n := bits / 8
	if revision == 2 {
		n = 5
	}
	k.key = h.Sum(nil)
	if revision >= 3 {
		for range 50 {
			again := md5.Sum(k.key[:n])
			k.key = again[:]
		}
	}
	k.key = k.key[:n]
	if !bytes.HasPrefix([]byte(user), k.check(revision, id)) {
		return errors.New("it needs a password")
	}
	d.key = k
	return nil
}

// check is what the file holds when the empty password opens it.
func (k *fileKey) check(revision int64, id string) []byte {
	out := passwordPadding
	last := byte(0)
	if revision >= 3 {
		sum := md5.Sum(append(bytes.Clone(passwordPadding), id...))
		out, last = sum[:], 19
	}
	out = bytes.Clone(out)
	for i := byte(0); i <= last; i++ {
		key := bytes.Clone(k.key)
		for j := range key {
			key[j] ^= i
		}
		c, _ := rc4.NewCipher(key) // 5 to 16 bytes are a key
		c.XORKeyStream(out, out)
	}
	return out
}

// of is the key of an object.
func (k *fileKey) of(ref Ref) []byte {
	h := md5.New()
	h.Write(k.key)
	n, g := ref.Number, ref.Generation
	h.Write([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(g), byte(g >> 8)})
	if k.aes {
		io.WriteString(h, "sAlT")
	}
	return h.Sum(nil)[:min(len(k.key)+5, 16)]
}

// reader decrypts the data of a stream. A cross-reference stream is not encrypted.
func (k *fileKey) reader(r io.Reader, s *stream) (io.Reader, error) {
	if s.dict["Type"] == Name("XRef") {
		return r, nil
	}
	key := k.of(s.ref)
	if !k.aes {
		c, err := rc4.NewCipher(key)
		return cipher.StreamReader{S: c, R: r}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize)
	if _, err := io.ReadFull(r, iv); err != nil {
		return nil, err
	}
	return &blocks{r: r, mode: cipher.NewCBCDecrypter(block, iv)}, nil
}

// blocks decrypts whole blocks, and drops the padding of the last one.
type blocks struct {
	r     io.Reader
	mode  cipher.BlockMode
	ahead []byte // decrypted, may be the last
	rest  []byte // not read yet
	ended bool
}

func (b *blocks) Read(out []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.ended {
			return 0, io.EOF
		}
		chunk := make([]byte, 4096)
		n, err := io.ReadFull(b.r, chunk)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		chunk = chunk[:n-n%aes.BlockSize]
		b.mode.CryptBlocks(chunk, chunk)
		b.rest, b.ahead = b.ahead, chunk
		if err != nil {
			b.rest, b.ended = append(b.rest, b.ahead...), true
			if size := len(b.rest); size > 0 {
				b.rest = b.rest[:size-min(int(b.rest[size-1]), aes.BlockSize, size)]
			}
		}
	}
	n := copy(out, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// strings decrypts the strings in an object.
func (k *fileKey) strings(x any, ref Ref) any {
	switch x := x.(type) {
	case string:
		r, err := k.reader(bytes.NewReader([]byte(x)), &stream{ref: ref})
		if err != nil {
			return x
		}
		plain, err := io.ReadAll(r)
		if err != nil {
			return x
		}
		return string(plain)
	case []any:
		for i := range x {
			x[i] = k.strings(x[i], ref)
		}
	case dict:
		for key := range x {
			x[key] = k.strings(x[key], ref)
		}
	case *stream:
		k.strings(x.dict, ref)
	}
	return x
}

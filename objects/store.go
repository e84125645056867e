package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What a caller decides by. Errors wrap one of them with the operation and the
// object's address.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("no such object")
	// ErrExists: Put with IfAbsent found an object.
	ErrExists = errors.New("the object exists already")
	// ErrChanged: Put with IfMatch found another version, or none.
	ErrChanged = errors.New("the object has changed meanwhile")
	// ErrDenied: the credentials are missing, out of date or not allowed to.
	// S3 also answers so to Get and Head of an object that does not exist, where
	// the right to list the bucket is missing.
	ErrDenied = errors.New("access denied")
	// ErrNoBucket: the bucket does not exist.
	ErrNoBucket = errors.New("no such bucket")
)

// Store keeps objects. It is safe for concurrent use, also by several processes.
//
// Every method may be called again after an error: writing the same twice, or
// deleting what is gone, does no harm. When ctx ends, methods return its cause.
// An S3 store repeats by itself what failed in passing (throttling, a server's
// error, a broken connection), a few times with growing pauses.
type Store interface {
	// Get opens an object. The caller closes the reader. A body that is cut off
	// ends in an error, never in io.EOF.
	Get(ctx context.Context, name string) (io.ReadCloser, Info, error)
	// Put writes all of body, from its beginning, and returns the new object's
	// Info. Readers see the old object until the new one is whole. An error may
	// leave either.
	Put(ctx context.Context, name string, body io.ReadSeeker, opts PutOptions) (Info, error)
	// Head tells of an object without its content.
	Head(ctx context.Context, name string) (Info, error)
	// List yields the objects whose names begin with prefix ("" for all), sorted by
	// the bytes of their names, without Version. prefix need not end at a slash.
	// It ends after the first error.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Delete removes objects. One that does not exist is no error.
	Delete(ctx context.Context, names ...string) error
	// String is the store's address: a folder, or s3://bucket/prefix.
	String() string
}

// Info tells of one object.
type Info struct {
	Name string // as given to Put, without the store's own prefix
	Size int64  // bytes
	// Version differs between two contents of one name. It is good for IfMatch
	// and for equality only.
	Version string
	// Modified is by the clock of the machine that holds the object. Put to a
	// bucket leaves it out.
	Modified time.Time
	// Note is that of PutOptions. List leaves it out.
	Note string
}

// PutOptions bind a Put to what is there. At most one of IfAbsent and IfMatch is set.
type PutOptions struct {
	IfAbsent bool   // else ErrExists
	IfMatch  string // a Version; else ErrChanged
	// ContentType is what a browser is told that opens an object of a bucket.
	ContentType string
	// Note is a word that Head and Get tell again: an object and its note are
	// replaced as one. A folder keeps none.
	Note string
}

// maxName is S3's limit for a key, in bytes.
const maxName = 1024

// checkName refuses names that would not mean the same in every store: slash
// paths of printable UTF-8, without empty, "." and ".." elements.
func checkName(name string) error {
	bad := func(why string) error { return fmt.Errorf("the object name %q %s", name, why) }
	switch {
	case name == "":
		return bad("is empty")
	case len(name) > maxName:
		return bad(fmt.Sprintf("is longer than %d bytes", maxName))
	case !utf8.ValidString(name):
		return bad("is not UTF-8")
	case strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }):
		return bad(`holds a backslash or a control character`)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return bad("is not a clean slash path")
		}
	}
	// On a Mac and on Windows, .Objects is the same folder.
	if first, _, _ := strings.Cut(name, "/"); strings.EqualFold(first, ownFolder) {
		return bad("is the store's own")
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return bad("is not a name that this system allows")
	}
	return nil
}

func checkPut(opts PutOptions) error {
	if opts.IfAbsent && opts.IfMatch != "" {
		return errors.New("objects: both IfAbsent and IfMatch are set")
	}
	return nil
}

// Open opens the store at location: s3://bucket/prefix, or a folder. Neither has
// to hold anything yet; a folder is made by the first Put, a bucket never.
func Open(ctx context.Context, location string, opts S3Options) (Store, error) {
	if IsS3(location) {
		return OpenS3(ctx, location, opts)
	}
	return OpenFolder(location)
}

// ReadAll reads an object of at most limit bytes. A larger one is an error.
func ReadAll(ctx context.Context, s Store, name string, limit int64) ([]byte, Info, error) {
	body, info, err := s.Get(ctx, name)
	if err != nil {
		return nil, info, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, info, fmt.Errorf("reading %s: %w", info.Name, err)
	}
	if int64(len(data)) > limit {
		return nil, info, fmt.Errorf("reading %s: larger than %d bytes", info.Name, limit)
	}
	return data, info, nil
}

package objects

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// S3Options tell where a bucket is. The zero value is AWS, in the region that the
// SDK finds by itself.
type S3Options struct {
	Region string
	// Endpoint is the URL of a server other than AWS's: MinIO, R2 and others.
	Endpoint string
	// PathStyle puts the bucket into the path instead of the host's name.
	PathStyle bool
}

// S3 is a Store in a bucket, below a prefix.
type S3 struct {
	api    *s3.Client
	sign   *s3.PresignClient
	bucket string
	prefix string // "" or ends in a slash
}

var _ Store = (*S3)(nil)

// IsS3 reports whether location is the address of a bucket.
func IsS3(location string) bool { return strings.HasPrefix(location, "s3://") }

// ParseS3 takes s3://bucket/prefix apart. The prefix has no slash at either end.
func ParseS3(location string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(location, "s3://")
	if !ok {
		return "", "", fmt.Errorf("%q is not of the form s3://bucket/prefix", location)
	}
	bucket, prefix, _ = strings.Cut(rest, "/")
	prefix = strings.TrimSuffix(prefix, "/")
	if bucket == "" || strings.ContainsAny(bucket, "@:?#% ") {
		return "", "", fmt.Errorf("%q does not name a bucket: s3://bucket/prefix is expected", location)
	}
	if prefix != "" {
		if err := checkName(prefix); err != nil {
			return "", "", fmt.Errorf("%q: %w", location, err)
		}
	}
	return bucket, prefix, nil
}

// answerLimit bounds the wait for a server's answer, once a request was sent.
const answerLimit = 60 * time.Second

// attempts is how often a request is sent at most. The pauses between grow from
// half a second to eight, so that a server may be away for some ten seconds.
const attempts = 6

// OpenS3 asks nothing of the bucket. Credentials are found by the SDK's chain:
// environment, shared files, single sign-on, a machine's or a CI job's role.
func OpenS3(ctx context.Context, location string, opts S3Options) (*S3, error) {
	bucket, prefix, err := ParseS3(location)
	if err != nil {
		return nil, err
	}
	load := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // it would write to standard error by itself
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = answerLimit
			t.MaxIdleConnsPerHost = 64 // as many as a fleet has tasks; each asks again within seconds
		})),
		config.WithRetryer(func() aws.Retryer {
			again := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
			// Of two conditional writes at once, S3 may answer one that it does not know yet.
			return retry.AddWithErrorCodes(again, "ConditionalRequestConflict", "OperationAborted")
		}),
	}
	if opts.Region != "" {
		load = append(load, config.WithRegion(opts.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", location, err)
	}
	if cfg.Region == "" {
		if opts.Endpoint == "" {
			return nil, fmt.Errorf("opening %s: no region is set, neither here nor for the AWS SDK", location)
		}
		cfg.Region = "us-east-1" // takes part in signatures; servers other than AWS's accept it
	}
	api := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = opts.PathStyle
		// What others wrote may have no checksum; that is no news for a terminal.
		o.DisableLogOutputChecksumValidationSkipped = true
		if opts.Endpoint != "" {
			o.BaseEndpoint = aws.String(opts.Endpoint)
		}
	})
	if prefix != "" {
		prefix += "/"
	}
	return &S3{api, s3.NewPresignClient(api), bucket, prefix}, nil
}

// String implements Store.
func (s *S3) String() string { return "s3://" + s.bucket + "/" + strings.TrimSuffix(s.prefix, "/") }

// Below is the store of the objects whose names begin with dir and a slash.
func (s *S3) Below(dir string) *S3 {
	below := *s
	below.prefix += dir + "/"
	return &below
}

func (s *S3) key(name string) *string { return aws.String(s.prefix + name) }

func (s *S3) check(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(s.prefix)+len(name) > maxName {
		return fmt.Errorf("the key %q is longer than %d bytes", s.prefix+name, maxName)
	}
	return nil
}

// errorf makes one of this package's errors of the SDK's.
func (s *S3) errorf(ctx context.Context, op, name string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var kind error
	switch code(err) {
	case "NoSuchKey", "NotFound":
		kind = ErrNotFound
	case "NoSuchBucket":
		kind = ErrNoBucket
	case "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed":
		kind = ErrDenied
	default:
		var response *smithyhttp.ResponseError
		if errors.As(err, &response) {
			if status := response.HTTPStatusCode(); status == http.StatusForbidden || status == http.StatusUnauthorized {
				kind = ErrDenied
			}
		} else if _, cerr := s.api.Options().Credentials.Retrieve(ctx); cerr != nil {
			kind = ErrDenied // there was nothing to sign with
		}
	}
	address := "s3://" + s.bucket + "/" + s.prefix + name
	switch kind {
	case nil:
		return fmt.Errorf("%s %s: %w", op, address, err)
	case ErrDenied: // why is known to the server alone
		return fmt.Errorf("%s %s: %w: %w", op, address, kind, err)
	}
	return fmt.Errorf("%s %s: %w", op, address, kind)
}

// code is the server's word for an error, "" where it said none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Get implements Store.
func (s *S3) Get(ctx context.Context, name string) (io.ReadCloser, Info, error) {
	if err := s.check(name); err != nil {
		return nil, Info{Name: name}, err
	}
	out, err := s.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.key(name)})
	if err != nil {
		return nil, Info{Name: name}, s.errorf(ctx, "reading", name, err)
	}
	return out.Body, Info{name, aws.ToInt64(out.ContentLength), aws.ToString(out.ETag), aws.ToTime(out.LastModified), out.Metadata[noted]}, nil
}

// Head implements Store.
func (s *S3) Head(ctx context.Context, name string) (Info, error) {
	if err := s.check(name); err != nil {
		return Info{Name: name}, err
	}
	out, err := s.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.key(name)})
	if err != nil {
		return Info{Name: name}, s.errorf(ctx, "looking at", name, err)
	}
	return Info{name, aws.ToInt64(out.ContentLength), aws.ToString(out.ETag), aws.ToTime(out.LastModified), out.Metadata[noted]}, nil
}

// Metadata of objects: writer tells one Put from all others, noted holds the note.
const (
	writer = "bookci-put"
	noted  = "bookci-note"
)

// Put implements Store.
func (s *S3) Put(ctx context.Context, name string, body io.ReadSeeker, opts PutOptions) (Info, error) {
	if err := errors.Join(checkPut(opts), s.check(name)); err != nil {
		return Info{}, err
	}
	size, err := body.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = body.Seek(0, io.SeekStart)
	}
	if err != nil {
		return Info{}, s.errorf(ctx, "writing", name, err)
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: s.key(name), Body: body, ContentLength: &size}
	in.Metadata = map[string]string{}
	if opts.ContentType != "" {
		in.ContentType = &opts.ContentType
	}
	if opts.Note != "" {
		in.Metadata[noted] = opts.Note
	}
	mine := "" // names this Put where it has a condition
	refused := ErrChanged
	if opts.IfAbsent {
		in.IfNoneMatch, refused = aws.String("*"), ErrExists
	} else if opts.IfMatch != "" {
		in.IfMatch = &opts.IfMatch
	}
	if opts.IfAbsent || opts.IfMatch != "" {
		mine = rand.Text()
		in.Metadata[writer] = mine
	}
	out, err := s.api.PutObject(ctx, in)
	if err == nil {
		return Info{Name: name, Size: size, Version: aws.ToString(out.ETag), Note: opts.Note}, nil
	}
	if mine == "" {
		return Info{}, s.errorf(ctx, "writing", name, err)
	}
	switch c := code(err); {
	case c == "PreconditionFailed" || c == "ConditionalRequestConflict":
	case opts.IfMatch != "" && (c == "NoSuchKey" || c == "NotFound"):
	default:
		return Info{}, s.errorf(ctx, "writing", name, err)
	}
	// The answer to a first try may have been lost, and the second refused
	// because of the first.
	head, herr := s.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.key(name)})
	if herr == nil && head.Metadata[writer] == mine {
		return Info{name, size, aws.ToString(head.ETag), aws.ToTime(head.LastModified), opts.Note}, nil
	}
	return Info{}, fmt.Errorf("writing s3://%s/%s%s: %w", s.bucket, s.prefix, name, refused)
}

// List implements Store.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.api, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: s.key(prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Info{}, s.errorf(ctx, "listing", prefix, err))
				return
			}
			for _, o := range page.Contents {
				name, ours := strings.CutPrefix(aws.ToString(o.Key), s.prefix)
				if !ours || checkName(name) != nil {
					continue // a "folder" that a console made, or a name that Get could not be asked for
				}
				if !yield(Info{Name: name, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

// deleteMany is how many names DeleteObjects takes.
const deleteMany = 1000

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := s.check(name); err != nil {
			return err
		}
	}
	if len(names) == 1 { // needs no checksum of a request's body, which some servers lack
		_, err := s.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.key(names[0])})
		return s.errorf(ctx, "deleting", names[0], err)
	}
	for len(names) > 0 {
		some := names[:min(len(names), deleteMany)]
		names = names[len(some):]
		objects := make([]types.ObjectIdentifier, len(some))
		for i, name := range some {
			objects[i].Key = s.key(name)
		}
		out, err := s.api.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &s.bucket, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
		})
		if err != nil {
			return s.errorf(ctx, "deleting", some[0], err)
		}
		for _, e := range out.Errors {
			err := &smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)}
			return s.errorf(ctx, "deleting", strings.TrimPrefix(aws.ToString(e.Key), s.prefix), err)
		}
	}
	return nil
}

// GetURL is an address that anyone may read the object at until ttl has passed,
// or the credentials that signed it have run out.
func (s *S3) GetURL(ctx context.Context, name string, ttl time.Duration) (string, error) {
	if err := s.check(name); err != nil {
		return "", err
	}
	req, err := s.sign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.key(name)}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", s.errorf(ctx, "signing the address of", name, err)
	}
	return req.URL, nil
}

// PutURL is an address that anyone may write the object at, as GetURL. S3 cannot
// bound the size of what is written there: ask Head before reading it.
func (s *S3) PutURL(ctx context.Context, name string, ttl time.Duration) (string, error) {
	if err := s.check(name); err != nil {
		return "", err
	}
	req, err := s.sign.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: s.key(name)}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", s.errorf(ctx, "signing the address of", name, err)
	}
	return req.URL, nil
}

package main

import (
	"context"

	"github.com/bookci/bookci/build/bucket"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/objects"
)

// s3 says where the user's buckets are.
func (p *project) s3() objects.S3Options {
	s := p.settings.S3
	return objects.S3Options{Region: s.Region, Endpoint: s.Endpoint, PathStyle: s.PathStyle}
}

// shelf is the bucket that --artifacts names, nil where it names a folder.
func (p *project) shelf(ctx context.Context) (*bucket.Shelf, error) {
	if !objects.IsS3(p.settings.Artifacts) {
		return nil, nil
	}
	store, err := objects.OpenS3(ctx, p.settings.Artifacts, p.s3())
	if err != nil {
		return nil, fault.Environmentf("set AWS_REGION, or BOOKCI_S3_REGION; for a server other than AWS's also BOOKCI_S3_ENDPOINT", "%w", err)
	}
	return bucket.New(store, bookciVersion()), nil
}

package workshop

import (
	"context"

	"github.com/bookci/bookci/build/bucket"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/objects"
)

// openShelf opens the bucket that --artifacts names, nil where it names a folder.
func openShelf(ctx context.Context, p *project.Project, version string) (*bucket.Shelf, error) {
	if !objects.IsS3(p.Settings.Artifacts) {
		return nil, nil
	}
	store, err := objects.OpenS3(ctx, p.Settings.Artifacts, p.S3())
	if err != nil {
		return nil, fault.Environmentf("set AWS_REGION, or BOOKCI_S3_REGION; for a server other than AWS's also BOOKCI_S3_ENDPOINT", "%w", err)
	}
	return bucket.New(store, version), nil
}

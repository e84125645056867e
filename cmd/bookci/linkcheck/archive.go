package linkcheck

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/links"
	"github.com/bookci/bookci/objects"
)

// Judge judges the newest run of each book in an archive. It asks nobody.
func Judge(ctx context.Context, location string) ([]*Run, error) {
	if !objects.IsS3(location) {
		if st, err := os.Stat(location); err != nil || !st.IsDir() {
			if err == nil {
				err = errors.New("not a folder")
			}
			return nil, fault.Usagef("name the folder that --archive had", "--from %s: %w", location, fsx.Reason(err))
		}
	}
	s, err := settings.Read("", nil)
	if err != nil {
		return nil, err
	}
	store, err := objects.Open(ctx, location, (&project.Project{Settings: s}).S3())
	if err != nil {
		return nil, fault.Environmentf("", "%w", err)
	}
	found, err := links.Runs(ctx, store, "")
	if err != nil {
		return nil, fault.Environmentf("", "%w", err)
	}
	newest := map[string]links.Run{} // by book; runs are in the order of their times
	var names []string
	for _, run := range found {
		name := run.Book()
		if _, known := newest[name]; !known {
			names = append(names, name)
		}
		newest[name] = run
	}
	if len(names) == 0 {
		return nil, fault.Usagef("", "--from %s: there is no archive of links", location)
	}
	slices.Sort(names)
	var runs []*Run
	for _, name := range names {
		run := newest[name]
		items, err := links.Reread(ctx, store, run)
		if err != nil {
			return nil, fault.Environmentf("", "%w", err)
		}
		one := &Run{name: name, archive: strings.TrimSuffix(strings.TrimSuffix(store.String(), "/")+"/"+run.Prefix, "/.")}
		if name == "" {
			one.name = "links"
		}
		one.judge(items)
		runs = append(runs, one)
	}
	return runs, nil
}

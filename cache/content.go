package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"
)

// Content says what an image holds, whichever store keeps it.
//
// The classic store names an image by its config's digest. The containerd
// store names it by its manifest's, and does not tell the config's at all; so
// content is compared by config digest where both sides know it, and otherwise
// by layers and settings.
type Content struct {
	Config   string   `json:"config,omitempty"`   // digest of the image config, "" when unknown
	DiffIDs  []string `json:"diff_ids"`           // digests of the unpacked layers, lowest first
	Platform string   `json:"platform"`           // such as linux/amd64 or linux/arm64/v8
	Settings string   `json:"settings,omitempty"` // hash of creation time, environment, command, user and folder
}

// settings is what Content.Settings covers: the part of an image config that
// changes how a container runs and that every store reports alike.
type settings struct {
	Created    string
	Env        []string
	Cmd        []string
	Entrypoint []string
	User       string
	WorkingDir string
}

func (s settings) hash() string {
	if t, err := time.Parse(time.RFC3339Nano, s.Created); err == nil {
		s.Created = t.UTC().Format(time.RFC3339Nano)
	}
	if s.WorkingDir == "/" { // some engines write the default out
		s.WorkingDir = ""
	}
	for _, list := range []*[]string{&s.Env, &s.Cmd, &s.Entrypoint} {
		if *list == nil {
			*list = []string{}
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and lists of strings always marshal
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ContentOf returns what an inspected image holds.
func ContentOf(img image.InspectResponse) Content {
	c := Content{DiffIDs: img.RootFS.Layers, Platform: platform(img.Os, img.Architecture, img.Variant)}
	if !namedByManifest(img) {
		c.Config = img.ID
	}
	s := settings{Created: img.Created}
	if img.Config != nil {
		s.Env, s.Cmd, s.Entrypoint = img.Config.Env, img.Config.Cmd, img.Config.Entrypoint
		s.User, s.WorkingDir = img.Config.User, img.Config.WorkingDir
	}
	c.Settings = s.hash()
	return c
}

// namedByManifest reports whether an image's ID is its manifest's digest.
// Engines from 28 say so by a descriptor. Earlier ones with the containerd store
// list the ID as a repo digest, which the classic store never does.
func namedByManifest(img image.InspectResponse) bool {
	return img.Descriptor != nil ||
		slices.ContainsFunc(img.RepoDigests, func(d string) bool { return strings.HasSuffix(d, "@"+img.ID) })
}

// Same reports whether c and d are the same image.
func (c Content) Same(d Content) bool {
	if c.Config != "" && d.Config != "" {
		return c.Config == d.Config
	}
	return len(c.DiffIDs) > 0 && slices.Equal(c.DiffIDs, d.DiffIDs) && c.Settings == d.Settings
}

// HasPlatform reports whether c may run where want is asked for, such as
// linux/arm64. Images name variants in one place and leave them out in another.
func (c Content) HasPlatform(want string) bool {
	return want == "" || c.Platform == "" || offers([]string{c.Platform}, want)
}

func platform(os, arch, variant string) string {
	p := os + "/" + arch
	if variant != "" {
		p += "/" + variant
	}
	return p
}

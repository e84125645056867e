package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// archive is a checked image tar.
type archive struct {
	content Content
	layers  map[int][]int // segment -> the layers whose file it is
}

// The layout of docker save's manifest.json, of OCI manifests and indexes, and
// of an image config, as far as they name other content.
type (
	saveManifest struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int64  `json:"size"`
	}
	ociManifest struct {
		MediaType string       `json:"mediaType"`
		Config    *descriptor  `json:"config"`
		Layers    []descriptor `json:"layers"`
		Manifests []descriptor `json:"manifests"`
	}
	imageConfig struct {
		Architecture string `json:"architecture"`
		Variant      string `json:"variant"`
		OS           string `json:"os"`
		Created      string `json:"created"`
		Config       *struct {
			Env        []string
			Cmd        []string
			Entrypoint []string
			User       string
			WorkingDir string
		} `json:"config"`
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
)

const blobs = "blobs/sha256/"

// verify checks that a tar holds exactly one whole image: every file that its
// manifests name is there and has the hash that names it. It knows the layout of
// engines before 25 (HASH.json and ID/layer.tar), that of later ones (an OCI
// layout with manifest.json beside it, from either store) and Podman's.
func verify(entries map[string]*entry) (*archive, error) {
	for name, e := range entries {
		if hash, ok := strings.CutPrefix(name, blobs); ok && e.link == "" && hash != e.sha256 {
			return nil, fmt.Errorf("image tar: content of %s does not have that hash", name)
		}
	}
	m, err := readManifest(entries)
	if err != nil {
		return nil, err
	}
	config, err := resolve(entries, m.Config)
	if err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(path.Base(path.Clean(m.Config)), ".json"); want != config.sha256 {
		return nil, fmt.Errorf("image tar: content of config %s does not have that hash", m.Config)
	}
	var c imageConfig
	if err := json.Unmarshal(config.text, &c); err != nil {
		return nil, fmt.Errorf("image tar: config %s: %w", m.Config, err)
	}
	if len(c.RootFS.DiffIDs) == 0 || len(c.RootFS.DiffIDs) != len(m.Layers) {
		return nil, fmt.Errorf("image tar: %d layers for %d diff IDs", len(m.Layers), len(c.RootFS.DiffIDs))
	}
	a := &archive{layers: map[int][]int{}}
	wrapped, err := manifestLayers(entries, config.sha256)
	if err != nil {
		return nil, err
	}
	for i, name := range m.Layers {
		layer, err := resolve(entries, name)
		if err != nil {
			return nil, err
		}
		// A compressed layer has another hash than its diff ID; the OCI
		// manifest then vouches for it, and names the config too.
		if "sha256:"+layer.sha256 != c.RootFS.DiffIDs[i] {
			if i >= len(wrapped) || wrapped[i].Digest != "sha256:"+layer.sha256 {
				return nil, fmt.Errorf("image tar: content of layer %s is not that of %s", name, c.RootFS.DiffIDs[i])
			}
		}
		if layer.segment >= 0 {
			a.layers[layer.segment] = append(a.layers[layer.segment], i)
		}
	}
	s := settings{Created: c.Created}
	if c.Config != nil {
		s.Env, s.Cmd, s.Entrypoint = c.Config.Env, c.Config.Cmd, c.Config.Entrypoint
		s.User, s.WorkingDir = c.Config.User, c.Config.WorkingDir
	}
	a.content = Content{
		Config: "sha256:" + config.sha256, DiffIDs: c.RootFS.DiffIDs,
		Platform: platform(c.OS, c.Architecture, c.Variant), Settings: s.hash(),
	}
	return a, nil
}

func readManifest(entries map[string]*entry) (saveManifest, error) {
	e, err := resolve(entries, "manifest.json")
	if err != nil {
		return saveManifest{}, err
	}
	var list []saveManifest
	if err := json.Unmarshal(e.text, &list); err != nil {
		return saveManifest{}, fmt.Errorf("image tar: manifest.json: %w", err)
	}
	if len(list) != 1 {
		return saveManifest{}, fmt.Errorf("image tar: manifest.json names %d images instead of one", len(list))
	}
	return list[0], nil
}

// resolve follows links to a file.
func resolve(entries map[string]*entry, name string) (*entry, error) {
	at := path.Clean(name)
	for range 8 {
		e := entries[at]
		if e == nil {
			return nil, fmt.Errorf("image tar: %s is missing", name)
		}
		if e.link == "" {
			return e, nil
		}
		at = e.link
	}
	return nil, fmt.Errorf("image tar: %s is a chain of links", name)
}

// manifestLayers follows index.json down to the manifest of the image with the
// given config and checks that all that it names is there. Other platforms of a
// multi-platform image may be missing: a daemon keeps only what it pulled.
// It returns that manifest's layers, none if the tar has no index.json.
func manifestLayers(entries map[string]*entry, config string) ([]descriptor, error) {
	top := entries["index.json"]
	if top == nil {
		return nil, nil
	}
	var index ociManifest
	if err := json.Unmarshal(top.text, &index); err != nil {
		return nil, fmt.Errorf("image tar: index.json: %w", err)
	}
	if len(index.Manifests) == 0 {
		return nil, errors.New("image tar: index.json names no image")
	}
	var found []descriptor
	for _, d := range index.Manifests {
		if entries[blob(d)] == nil {
			return nil, fmt.Errorf("image tar: %s is missing", d.Digest)
		}
		layers, err := search(entries, d, config, 0)
		if err != nil {
			return nil, err
		}
		if found == nil {
			found = layers
		}
	}
	if found == nil {
		return nil, fmt.Errorf("image tar: index.json does not lead to config %s", config)
	}
	return found, nil
}

// search looks for the manifest with the given config in and below d, and returns
// its layers: nil where it is not there.
func search(entries map[string]*entry, d descriptor, config string, depth int) ([]descriptor, error) {
	e := entries[blob(d)]
	if e == nil || depth > 4 {
		return nil, nil
	}
	if e.size != d.Size {
		return nil, fmt.Errorf("image tar: %s has %d bytes instead of %d", d.Digest, e.size, d.Size)
	}
	var m ociManifest
	if err := json.Unmarshal(e.text, &m); err != nil {
		return nil, fmt.Errorf("image tar: manifest %s: %w", d.Digest, err)
	}
	if m.Config != nil && m.Config.Digest == "sha256:"+config {
		for _, part := range append(slices.Clone(m.Layers), *m.Config) {
			p := entries[blob(part)]
			if p == nil {
				return nil, fmt.Errorf("image tar: %s is missing", part.Digest)
			}
			if p.link == "" && p.size != part.Size {
				return nil, fmt.Errorf("image tar: %s has %d bytes instead of %d", part.Digest, p.size, part.Size)
			}
		}
		return append([]descriptor{}, m.Layers...), nil
	}
	for _, child := range m.Manifests {
		layers, err := search(entries, child, config, depth+1)
		if err != nil || layers != nil {
			return layers, err
		}
	}
	return nil, nil
}

// blob is the path of a descriptor's content in the tar.
func blob(d descriptor) string {
	return blobs + strings.TrimPrefix(d.Digest, "sha256:")
}

package standin

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/docker/docker/client"
)

// RealImage is the image that the stand-in stands in for.
const RealImage = "vvakame/review:5.9"

// Docker connects to the machine's Docker Engine. The test is skipped where
// there is none.
func Docker(t testing.TB) *client.Client {
	t.Helper()
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := api.Ping(ctx); err != nil {
		t.Skipf("no Docker Engine: %v", err)
	}
	return api
}

// Image builds the stand-in image. The test is skipped where there is no
// static busybox to make it of.
func Image(t testing.TB, api API) string {
	t.Helper()
	if _, err := Busybox(); err != nil {
		t.Skip(err)
	}
	ref, err := Build(context.Background(), api)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// ImageWithCurl builds the stand-in image for tasks. The test is skipped where
// there is no static busybox or no curl to make it of.
func ImageWithCurl(t testing.TB, api API) string {
	t.Helper()
	if _, err := Busybox(); err != nil {
		t.Skip(err)
	}
	ref, err := BuildWithCurl(context.Background(), api)
	if errors.Is(err, errNoCurl) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// Programs unpacks the stand-in's programs and returns the folders for PATH.
func Programs(t testing.TB) []string {
	t.Helper()
	if _, err := Busybox(); err != nil {
		t.Skip(err)
	}
	bins, err := Unpack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return bins
}

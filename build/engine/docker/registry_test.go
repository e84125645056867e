package docker

import (
	"errors"
	"fmt"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/pkg/jsonmessage"
)

// The words are what Docker Engine 20.10 says of docker-registry 2.8, of Docker
// Hub, and of names and certificates that are not good.
func TestARegistrysRefusalIsToldByItsKind(t *testing.T) {
	for said, want := range map[string]Trouble{
		`Head "http://127.0.0.1:5592/v2/team/img/manifests/1": no basic auth credentials`:                                          NoLogin,
		"unauthorized: authentication required":                                                                                    NoLogin,
		"pull access denied for nobody/nothing, repository does not exist or may require 'docker login'":                           NoLogin,
		"manifest unknown: manifest unknown":                                                                                       NoSuchImage,
		`Get "http://127.0.0.1:5599/v2/": dial tcp 127.0.0.1:5599: connect: connection refused`:                                    NoAnswer,
		`Get "https://registry.example/v2/": dial tcp: lookup registry.example on 127.0.0.53:53: no such host`:                     NoName,
		`Get "https://registry.example/v2/": dial tcp: lookup registry.example: Temporary failure in name resolution`:              NoName,
		`Get "https://127.0.0.1:5593/v2/": x509: certificate signed by unknown authority`:                                          NotTrusted,
		`Get "https://registry.example/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid`: NotTrusted,
		"no matching manifest for linux/arm64/v8 in the manifest list entries":                                                     OtherPlatform,
		"toomanyrequests: You have reached your pull rate limit.":                                                                  TooManyAsked,
		"failed to register layer: Error processing tar file(exit status 1): write /usr/bin/x: no space left on device":            NoSpace,
		"context deadline exceeded (Client.Timeout exceeded while awaiting headers)":                                               NoAnswer,
	} {
		if got := TroubleOf(fmt.Errorf("pulling: %w", errors.New(said))); got != want {
			t.Errorf("%s: %d, want %d", said, got, want)
		}
	}
	// The kind of an error goes before words, which other engines and versions choose otherwise.
	for _, told := range []struct {
		err  error
		want Trouble
	}{
		{errdefs.ErrUnauthenticated, NoLogin},
		{errdefs.ErrPermissionDenied, NoLogin},
		{errdefs.ErrNotFound, NoSuchImage},
		{errdefs.ErrResourceExhausted, TooManyAsked},
		{&jsonmessage.JSONError{Code: 401, Message: "who are you?"}, NoLogin},
		{&jsonmessage.JSONError{Code: 404, Message: "nothing here"}, NoSuchImage},
		{&jsonmessage.JSONError{Code: 429, Message: "later"}, TooManyAsked},
		{&jsonmessage.JSONError{Message: "x509: unknown authority"}, NotTrusted},
	} {
		if got := TroubleOf(fmt.Errorf("pulling: %w", told.err)); got != told.want {
			t.Errorf("%v: %d, want %d", told.err, got, told.want)
		}
	}
	for trouble := range NoSpace + 1 {
		if trouble.Hint() == "" {
			t.Errorf("trouble %d has no hint", trouble)
		}
	}
}

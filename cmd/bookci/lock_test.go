package main

import (
	"errors"
	"strings"
	"testing"
)

// The messages are what Docker Engine 20.10 says of docker-registry 2.8.
func TestARegistryThatDoesNotTellGetsAHint(t *testing.T) {
	for said, want := range map[string]string{
		`Head "http://127.0.0.1:5592/v2/team/img/manifests/1": no basic auth credentials`:       "docker login",
		"unauthorized: authentication required":                                                 "docker login",
		"manifest unknown: manifest unknown":                                                    "name and tag",
		`Get "http://127.0.0.1:5599/v2/": dial tcp 127.0.0.1:5599: connect: connection refused`: "registry answer",
		"the registry has 127.0.0.1:5591/team/img:1 for linux/arm64 only":                       "",
	} {
		got := registryHint(errors.New(said))
		if !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q", said, got)
		}
	}
}

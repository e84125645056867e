package docker

import (
	"errors"
	"net/http"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/pkg/jsonmessage"
)

// Trouble is why an image could not be had from its registry.
type Trouble int

const (
	NoAnswer      Trouble = iota // the registry did not answer as registries do
	NoName                       // the registry's name does not resolve
	NotTrusted                   // the registry's certificate is not trusted
	NoLogin                      // the registry wants a login, or refuses the one it got
	NoSuchImage                  // the registry has no such image, or no such tag
	OtherPlatform                // the registry has the image, but not for this processor
	TooManyAsked                 // the registry limits how often it is asked
	NoSpace                      // the daemon's disk is full
)

// TroubleOf tells the trouble from the daemon's answer. The status of the answer
// decides where it is specific. Docker's words decide where it only says that the
// pull failed, or says "not found" for an image of another platform.
func TroubleOf(err error) Trouble {
	msg := strings.ToLower(err.Error())
	says := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(msg, p) {
				return true
			}
		}
		return false
	}
	code := 0
	var told *jsonmessage.JSONError // a message about a pull
	if errors.As(err, &told) {
		code = told.Code
	}
	switch {
	case says("no matching manifest", "does not match the specified platform"): // the status says "not found"
		return OtherPlatform
	case errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err), code == http.StatusUnauthorized, code == http.StatusForbidden:
		return NoLogin
	case errdefs.IsResourceExhausted(err), code == http.StatusTooManyRequests, says("toomanyrequests"):
		return TooManyAsked
	case says("no space left"):
		return NoSpace
	case says("x509:", "certificate signed by", "tls: failed to verify"):
		return NotTrusted
	case says("no such host", "server misbehaving", "temporary failure in name resolution"):
		return NoName
	case errdefs.IsNotFound(err), code == http.StatusNotFound, says("manifest unknown", "manifest for", "not found"):
		return NoSuchImage
	case says("denied", "unauthorized", "no basic auth credentials"):
		return NoLogin
	}
	return NoAnswer
}

// hints say what to do about each.
var hints = map[Trouble]string{
	NoAnswer:      "check the network, or name another image with --image",
	NoName:        "the registry's name cannot be resolved: check its spelling, the network, and Docker's DNS and proxy settings",
	NotTrusted:    "Docker does not trust the registry's certificate: where a proxy or the registry has one of its own, give it to Docker (/etc/docker/certs.d, or the system's certificates) and restart it",
	NoLogin:       "there is no such repository, or `docker login` with the registry's name is needed for it",
	NoSuchImage:   "there is no such image or tag: check its name; vvakame/review has 5.9, 5.8 and so on",
	OtherPlatform: "the image is not made for this machine's processor; on Apple silicon turn on Rosetta in Docker Desktop, or choose a newer tag",
	TooManyAsked:  "the registry limits anonymous pulls: `docker login`, or keep the image with `bookci cache save`",
	NoSpace:       "the disk that Docker keeps its data on is full: `docker system df` shows what takes the room",
}

// Hint says what to do about the trouble.
func (t Trouble) Hint() string { return hints[t] }

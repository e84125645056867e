package daemon

import (
	"fmt"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/registry"

	"github.com/bookci/bookci/internal/fault"
)

// The default registry's credentials stand under the address of its first version.
const (
	hub        = "docker.io"
	hubAddress = "https://index.docker.io/v1/"
)

// Credentials are those that Docker's configuration, or a helper named in it,
// holds for the registry of ref, encoded as the Engine API takes them.
func (d *Daemon) Credentials(ref string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fault.Usagef("an image is named like vvakame/review:5.9", "image %q: %w", ref, err)
	}
	server := reference.Domain(named)
	if server == hub {
		server = hubAddress
	}
	auth, err := d.Config.GetAuthConfig(server)
	if err != nil {
		return "", &fault.Environment{
			Err:  fmt.Errorf("asking for the credentials of %s: %w", server, err),
			Hint: "Docker's config.json names a credential helper that does not work: mend it, or remove credsStore and credHelpers from it",
		}
	}
	encoded, err := registry.EncodeAuthConfig(registry.AuthConfig{
		Username: auth.Username, Password: auth.Password, Auth: auth.Auth,
		ServerAddress: auth.ServerAddress, IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
	})
	if err != nil {
		return "", fmt.Errorf("encoding credentials: %w", err)
	}
	return encoded, nil
}

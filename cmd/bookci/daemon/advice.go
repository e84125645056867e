package daemon

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/docker/go-connections/sockets"
)

// Each marks an error as the fault of one thing that the user said of a daemon: its
// address, the certificates, the ssh host.
type (
	addressError     struct{ error }
	certificateError struct{ error }
	sshError         struct{ error }
)

func (e addressError) Unwrap() error     { return e.error }
func (e certificateError) Unwrap() error { return e.error }
func (e sshError) Unwrap() error         { return e.error }

// advice says what to do about a daemon that does not answer. named is what
// DOCKER_HOST says.
func advice(err error, named string) string {
	switch {
	case is[addressError](err) && strings.HasPrefix(named, "//"): // //./pipe/docker_engine
		return "write DOCKER_HOST=npipe://" + named
	case is[addressError](err) && strings.HasPrefix(strings.TrimPrefix(named, "unix:"), "/"):
		return "write DOCKER_HOST=unix:///" + strings.TrimLeft(strings.TrimPrefix(named, "unix:"), "/")
	case is[addressError](err), errors.Is(err, sockets.ErrProtocolNotAvailable):
		return "an address begins with unix://, npipe://, tcp:// or ssh://"
	case errors.Is(err, os.ErrPermission):
		return "add yourself to the group of the socket (`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker or Podman"
	case errors.Is(err, exec.ErrNotFound):
		return "an ssh:// address needs the ssh command on this machine"
	case is[sshError](err):
		return "try `ssh` to that host by hand: it must let you in without a password, and `docker` must be on PATH there"
	case strings.Contains(err.Error(), "HTTP request to an HTTPS server"): // the daemon's own words
		return "that daemon speaks TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem"
	case errors.Is(err, http.ErrSchemeMismatch), is[tls.RecordHeaderError](err):
		return "that daemon does not speak TLS: unset DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or check the port"
	case is[certificateError](err), is[*tls.CertificateVerificationError](err), is[tls.AlertError](err),
		is[x509.UnknownAuthorityError](err), is[x509.HostnameError](err), is[x509.CertificateInvalidError](err):
		return "check ca.pem, cert.pem and key.pem in the folder that DOCKER_CERT_PATH (else ~/.docker) or the docker context names"
	case named != "":
		return "is Docker running there? DOCKER_HOST says where to look: unset it to use this machine's own"
	}
	return nextStep(runtime.GOOS, isHere)
}

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

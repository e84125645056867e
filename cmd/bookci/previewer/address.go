package previewer

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"

	"github.com/bookci/bookci/internal/fault"
)

// defaultPort is that of an address without one.
const defaultPort = "8000"

// loopbackAddr completes what --serve says. An address without a host is this
// machine's alone: others see the book only if the user names an address for them.
func loopbackAddr(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		if strings.Trim(text, "0123456789") == "" {
			host, port = "", text
		} else {
			host, port = strings.Trim(text, "[]"), defaultPort
		}
	}
	host = cmp.Or(host, "localhost")
	if _, err := netip.ParseAddr(host); err != nil && !strings.EqualFold(host, "localhost") {
		return "", fault.Usagef("use localhost:8000, or the address of a network of this machine", "--serve %q: a host is localhost or an IP address", text)
	}
	return net.JoinHostPort(host, cmp.Or(port, defaultPort)), nil
}

// browserHost is an address that a browser on this machine can open.
func browserHost(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip, err := netip.ParseAddr(host); err == nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
		if ip.Is6() && ip.IsLoopback() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}

// openBrowser opens a page in the user's browser.
func openBrowser(url string) error {
	var argv []string
	switch runtime.GOOS {
	case "darwin":
		argv = []string{"open", url}
	case "windows":
		argv = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	default:
		for _, name := range []string{"xdg-open", "wslview", "sensible-browser"} {
			if _, err := exec.LookPath(name); err == nil {
				argv = []string{name, url}
				break
			}
		}
	}
	if len(argv) == 0 {
		return fmt.Errorf("no browser found; open %s yourself", url)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	if err := cmd.Start(); err != nil {
		return err
	}
	// The opener ends by itself, in its own time; it must not stay a zombie.
	go func() { _ = cmd.Wait() }()
	return nil
}

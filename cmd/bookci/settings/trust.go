package settings

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fsx"
)

// refusals are what bookci.yml may not say, by key. The file comes with the
// manuscript, which is not trusted: it decides nothing about this machine. The
// user's own variables and flags do.
var refusals = map[string]func(text string) error{
	"artifacts":               refuseArtifacts,
	"cache_dir":               checkOutput,
	"engine":                  refuseHost,
	"fargate.region":          refusePlace,
	"fargate.cluster":         refusePlace,
	"fargate.bucket":          refusePlace,
	"fargate.prefix":          refusePlace,
	"fargate.subnets":         refusePlace,
	"fargate.security_groups": refusePlace,
	"fargate.public_ip":       refusePlace,
	"fargate.execution_role":  refusePlace,
	"fargate.log_group":       refusePlace,
	"fargate.image":           refusePlace,
	"s3.region":               refusePlace,
	"s3.endpoint":             refusePlace,
	"s3.path_style":           refusePlace,
	"watch.on_success":        refuseCommand,
	"watch.on_failure":        refuseCommand,
	"links.archive":           refuseBucket,
}

// refused tells why bookci.yml may not say this for a key. Every value of the file
// comes by here before any layer is merged.
func refused(path, text string) error {
	if refuse, ok := refusals[path]; ok {
		return refuse(text)
	}
	return nil
}

// ofUser are the keys, or the mappings, that the user's own file may have: where
// and how bookci works on this machine. What an artifact will be is the book's.
var ofUser = []string{"engine", "jobs", "fargate", "s3", "watch", "links.contact"}

// refusedOfUser tells why the user's own file may not have a key.
func refusedOfUser(path, _ string) error {
	for _, key := range ofUser {
		if path == key || strings.HasPrefix(path, key+".") {
			return nil
		}
	}
	return errors.New("is the book's to say: your own settings may have " + strings.Join(ofUser, ", "))
}

func refuseHost(text string) error {
	if text == EngineHost {
		return errors.New("a book does not decide that it runs outside of any container: use --engine host or BOOKCI_ENGINE=host")
	}
	if text == EngineFargate {
		return errors.New("a book does not decide that it runs in an AWS account: use --engine fargate or BOOKCI_ENGINE=fargate")
	}
	return nil
}

func refuseBucket(text string) error {
	if strings.Contains(text, "://") {
		return errors.New("a book does not decide which bucket its archive goes to: use --archive or BOOKCI_LINKS_ARCHIVE")
	}
	return checkOutput(text)
}

// checkOutput accepts a folder below the root that a book may have bookci write to.
// The folders of version control, where hooks lie, are none.
func checkOutput(text string) error {
	if err := checkFolder(text); err != nil {
		return err
	}
	if fsx.LiesInKept(filepath.ToSlash(text)) {
		return fmt.Errorf("%s lies in a folder that is not the book's to have written to", text)
	}
	return nil
}

func refuseArtifacts(text string) error {
	if strings.Contains(text, "://") {
		return errors.New("a book does not decide which bucket its artifacts go to: use --artifacts or BOOKCI_ARTIFACTS")
	}
	return checkOutput(text)
}

func refusePlace(string) error {
	return errors.New("a book does not decide where in an AWS account it runs: use a variable, such as BOOKCI_FARGATE_BUCKET, or bookci/settings.yml below your config folder")
}

func refuseCommand(string) error {
	return errors.New("a book does not run commands on this machine: use --on-success and --on-failure, or BOOKCI_WATCH_ON_SUCCESS and BOOKCI_WATCH_ON_FAILURE")
}

// Ask is something that bookci.yml asks for beyond what a manuscript gets
// without a word of the user's.
type Ask struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Place  string `json:"-"` // bookci.yml:LINE
	Allows string `json:"-"` // what it lets the book's code do
	// Instead is what the user types to say the same for one run.
	Instead string `json:"-"`
}

// What a limit may be without being asked for: a book of a thousand pages with
// its images needs less.
const (
	freeMemory = Bytes(16 << 30)
	freePIDs   = Processes(8192)
)

// Asks are what bookci.yml asks for, in the order of the keys. What a variable or
// a flag says is the user's own word.
func (s *Settings) Asks() []Ask {
	var asks []Ask
	ask := func(is bool, key, value, allows string) {
		origin := s.Origin[key]
		if !is || !strings.HasPrefix(origin, book.SettingsFile+":") {
			return
		}
		name := prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		asks = append(asks, Ask{Key: key, Value: value, Place: origin, Allows: allows, Instead: name + "=" + value})
	}
	ask(s.Image.Build != "", "image.build", s.Image.Build, "runs the steps of its Dockerfile as root, in a container with Docker's usual capabilities")
	ask(s.Image.Build != "" && s.Image.Network != "none", "image.network", s.Image.Network, "lets those steps reach the "+reach(s.Image.Network))
	ask(s.Network != "none", "network", s.Network, "lets the book's hooks and styles reach the "+reach(s.Network))
	ask(s.Limits.Memory == 0 || s.Limits.Memory > freeMemory, "limits.memory", bound(int64(s.Limits.Memory)), "lets a build use more memory than 16 GiB")
	ask(s.Limits.PIDs == 0 || s.Limits.PIDs > freePIDs, "limits.pids", bound(int64(s.Limits.PIDs)), "lets a build start more than 8192 processes")
	ask(!s.ReadOnly, "read_only", "false", "lets the book's code write to the container's own file system")
	ask(!IsLoopback(s.Watch.Serve), "watch.serve", s.Watch.Serve, "shows the book to everyone who can reach this machine at that address")
	return asks
}

func reach(network string) string {
	if network == "host" {
		return "internet, and what listens on this machine alone"
	}
	return "internet, and what this machine can reach"
}

func bound(n int64) string {
	if n == 0 {
		return "none"
	}
	return strconv.FormatInt(n, 10)
}

// IsLoopback reports whether only this machine can reach an address to serve at.
func IsLoopback(serve string) bool {
	host, _, err := net.SplitHostPort(serve)
	if err != nil {
		host = strings.Trim(serve, "[]")
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || ip.IsLoopback() // a name is localhost, or refused later
}

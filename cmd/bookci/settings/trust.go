package settings

import (
	"errors"
	"strings"
)

// refusals are what bookci.yml may not say, by key. The file comes with the
// manuscript, which is not trusted: it decides nothing about this machine. The
// user's own variables and flags do.
var refusals = map[string]func(text string) error{
	"artifacts":        checkFolder,
	"cache_dir":        checkFolder,
	"engine":           refuseHost,
	"watch.on_success": refuseCommand,
	"watch.on_failure": refuseCommand,
	"links.archive":    refuseBucket,
}

// refused tells why the file may not say this for a key. Every value of the file
// comes by here before any layer is merged.
func refused(path, text string) error {
	if refuse, ok := refusals[path]; ok {
		return refuse(text)
	}
	return nil
}

func refuseHost(text string) error {
	if text == "host" {
		return errors.New("a book does not decide that it runs outside of any container: use --engine host or BOOKCI_ENGINE=host")
	}
	return nil
}

func refuseBucket(text string) error {
	if strings.Contains(text, "://") {
		return errors.New("a book does not decide which bucket its archive goes to: use --archive or BOOKCI_LINKS_ARCHIVE")
	}
	return checkFolder(text)
}

func refuseCommand(string) error {
	return errors.New("a book does not run commands on this machine: use --on-success and --on-failure, or BOOKCI_WATCH_ON_SUCCESS and BOOKCI_WATCH_ON_FAILURE")
}

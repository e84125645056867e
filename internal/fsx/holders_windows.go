package fsx

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Windows' Restart Manager, which installers ask, knows who has a file open.
var (
	restartManager = windows.NewLazySystemDLL("rstrtmgr.dll")
	rmStart        = restartManager.NewProc("RmStartSession")
	rmRegister     = restartManager.NewProc("RmRegisterResources")
	rmList         = restartManager.NewProc("RmGetList")
	rmEnd          = restartManager.NewProc("RmEndSession")
)

// rmProcess is RM_PROCESS_INFO.
type rmProcess struct {
	pid         uint32
	started     windows.Filetime
	appName     [256]uint16
	serviceName [64]uint16
	kind        uint32
	status      uint32
	session     uint32
	restartable int32
}

// Holders are the names of the programs that have a file open, as far as they
// are known.
func Holders(name string) (programs []string) {
	file, err := windows.UTF16PtrFromString(name)
	if err != nil || restartManager.Load() != nil {
		return nil
	}
	var session uint32
	var key [33]uint16
	if code, _, _ := rmStart.Call(uintptr(unsafe.Pointer(&session)), 0, uintptr(unsafe.Pointer(&key))); code != 0 {
		return nil
	}
	defer rmEnd.Call(uintptr(session))
	if code, _, _ := rmRegister.Call(uintptr(session), 1, uintptr(unsafe.Pointer(&file)), 0, 0, 0, 0); code != 0 {
		return nil
	}
	var list [8]rmProcess // more need not be named
	var needed, reasons uint32
	count := uint32(len(list))
	code, _, _ := rmList.Call(uintptr(session), uintptr(unsafe.Pointer(&needed)), uintptr(unsafe.Pointer(&count)), uintptr(unsafe.Pointer(&list)), uintptr(unsafe.Pointer(&reasons)))
	if code != 0 {
		return nil
	}
	for _, p := range list[:min(int(count), len(list))] {
		if app := windows.UTF16ToString(p.appName[:]); app != "" && !slices.Contains(programs, app) {
			programs = append(programs, app)
		}
	}
	return programs
}

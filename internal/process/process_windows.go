package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// group is a job, which Windows ends when its last handle is closed: also when
// this process is killed.
type group struct {
	job windows.Handle
	pid uint32
}

// killedCode is the exit status of what was killed: 128 and the number of SIGKILL.
const killedCode = 137

func start(cmd *exec.Cmd) (*Group, error) {
	job, err := newJob()
	if err != nil {
		return nil, fmt.Errorf("making a job: %w", err)
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	// It starts when it is in the job, so that nothing that it starts escapes.
	cmd.SysProcAttr.CreationFlags |= windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_SUSPENDED
	if err := cmd.Start(); err != nil {
		_ = windows.CloseHandle(job)
		return nil, err
	}
	pid := uint32(cmd.Process.Pid)
	if err := errors.Join(assign(job, pid), resume(pid)); err != nil {
		_ = cmd.Process.Kill() // it has done nothing yet
		_, _ = cmd.Process.Wait()
		_ = windows.CloseHandle(job)
		return nil, fmt.Errorf("putting it into a job: %w", err)
	}
	return &Group{group: group{job, pid}}, nil
}

func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		_ = windows.CloseHandle(job)
		return 0, err
	}
	return job, nil
}

func assign(job windows.Handle, pid uint32) error {
	p, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, pid)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(p)
	return windows.AssignProcessToJobObject(job, p)
}

// resume starts the only thread of a process that was made suspended.
func resume(pid uint32) error {
	all, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(all)
	t := windows.ThreadEntry32{Size: uint32(unsafe.Sizeof(windows.ThreadEntry32{}))}
	for err = windows.Thread32First(all, &t); err == nil; err = windows.Thread32Next(all, &t) {
		if t.OwnerProcessID != pid {
			continue
		}
		thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, t.ThreadID)
		if err != nil {
			return err
		}
		_, err = windows.ResumeThread(thread)
		return errors.Join(err, windows.CloseHandle(thread))
	}
	return err
}

// What cannot be ended is gone.
func (g group) kill() { _ = windows.TerminateJobObject(g.job, killedCode) }

// terminate is Ctrl-Break for those who share this console, and the end of the others.
func (g group) terminate() error {
	if windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, g.pid) == nil {
		return nil
	}
	return windows.TerminateJobObject(g.job, killedCode)
}

func (g group) runs() bool {
	var usage struct { // JOBOBJECT_BASIC_ACCOUNTING_INFORMATION
		totalUser, totalKernel, periodUser, periodKernel int64
		faults, total, active, terminated                uint32
	}
	const basicAccounting = 1
	err := windows.QueryInformationJobObject(g.job, basicAccounting, uintptr(unsafe.Pointer(&usage)), uint32(unsafe.Sizeof(usage)), nil)
	return err == nil && usage.active > 0
}

func (g group) close() { _ = windows.CloseHandle(g.job) }

// Detach has Ctrl-C and a closed window reach this process alone, and not cmd.
func Detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}

// IsGone reports whether surely no process has this number.
func IsGone(pid int) bool {
	p, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return errors.Is(err, windows.ERROR_INVALID_PARAMETER) // how Windows says it
	}
	defer windows.CloseHandle(p)
	ended, err := windows.WaitForSingleObject(p, 0)
	return err == nil && ended == windows.WAIT_OBJECT_0
}

func signalOf(*os.ProcessState) int { return 0 }

// Package owner names the process that containers and tasks belong to, so that a
// later bookci can tell whose are left over.
//
// A token names one process on one machine: the boot, the namespace that its
// process number counts in, the number, and when it started. A bookci in a CI
// container sees other jobs' numbers in another namespace, and leaves them alone:
// who cannot be known to be gone counts as alive. The room knows processes, and
// nothing of Docker or Fargate.
package owner

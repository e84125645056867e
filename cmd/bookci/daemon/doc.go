// Package daemon connects bookci to a Docker Engine, or to what speaks its API.
//
// It finds the one that the docker command would use, and then looks where other
// engines put their sockets; it reads Docker's own configuration, with its
// contexts and credentials, and no other file. Where nothing answers it says what
// to do about that. What is then asked of the daemon is no concern of this package.
package daemon

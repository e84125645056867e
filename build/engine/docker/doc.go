// Package docker runs makers in containers of a Docker Engine.
//
// It promises that nothing outlives bookci: a container's main process reads a
// connection that only this bookci holds. It is told a connection (API), an
// image's ID and limits. It knows neither books nor the user's settings.
package docker

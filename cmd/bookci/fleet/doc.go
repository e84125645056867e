// Package fleet builds several roots at once, as `bookci build DIR DIR...` asks for.
//
// Each is a project with settings, state and a lock of its own, and becomes what it
// would alone. What they share is the reaper, the number of jobs, the tasks' engine,
// the screen and the reports. What is wrong with one of them stops no other. The
// room is told folders and what the command line says of all of them.
package fleet

// Package workshop is what build, run and watch work with: a root that this bookci
// has to itself, a builder, and the engine that it works on.
//
// A Claim keeps others out of the root, has the reaper stand by for what a kill
// would leave behind, and opens a Workshop for a project as it was read. Engines
// are looked for when something has to be built and not before: Docker with the
// book's image, which is found, taken from the cache, pulled or built; the makers
// on PATH; tasks on Fargate. The room is told a project and whom to tell what
// happens. It says nothing of results, and knows neither flags nor watches.
package workshop

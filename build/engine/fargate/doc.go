// Package fargate is the engine on AWS: a session is a task on ECS Fargate,
// and all that passes between bookci and the task goes through a bucket.
//
// The image is taken as it is. The task's command (agent.sh) needs sh, tar,
// find, xargs and curl or Ruby; it holds no credentials and has no role. It reads
// one object, the desk (desk.go), again and again: what to do next, where to get
// what that needs, where to lay down what came of it. Every address on the desk
// is presigned, for one object each, and renewed with the desk.
//
// The desk is also the lease. bookci writes it anew every beat; a task that sees
// the same desk for too long ends by itself. So a task outlives a machine that
// died by a minute or two, and what the task could write to is what its own
// desk named.
//
// What is true is in the bucket. CloudWatch Logs is for people who watch, and is
// read only to explain a task that never answered.
//
//	prefix/MACHINE/OWNER/shared/HASH       what several sessions need, once, by content
//	prefix/MACHINE/OWNER/SESSION/desk      what the task reads
//	prefix/MACHINE/OWNER/SESSION/in-N      what one command needs
//	prefix/MACHINE/OWNER/SESSION/out-N     what came of command N
//	prefix/MACHINE/OWNER/SESSION/live-N    its output so far, for progress
//
// MACHINE and OWNER name the process of bookci, so that a later one on the same
// machine can tell what is left over (sweep.go). A machine that never comes back
// leaves its objects to the bucket's lifecycle rule.
package fargate

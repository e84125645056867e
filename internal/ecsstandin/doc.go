// Package ecsstandin stands in for Amazon ECS on Fargate and CloudWatch Logs in
// tests. A task is a container on the machine's Docker Engine, really run,
// really stopped; the rest of what Fargate does to a task can be asked for as a
// fault. Every request and every answer is checked against AWS's own published
// model of its services (model/), so that neither side can drift alone.
//
// It is no Fargate: tasks share the machine's network, start in a second, and
// signatures are not checked. What only AWS can show is proved by
// `bookci fargate doctor` on a real account.
package ecsstandin

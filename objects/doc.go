// Package objects keeps whole files under names, in a folder or in an S3
// bucket, behind one narrow interface.
//
// It is made for what several machines share: artifacts, archives, the messages
// between bookci and a task far away. The contract, which one suite of tests
// holds both kinds to, is on Store; the points that callers build on are these:
//
//   - An object appears whole or not at all, and is replaced whole.
//   - Put can be bound to "only where nothing is yet" and "only where it is
//     still what I read". Of several writers at once just one succeeds.
//   - What was put is seen at once by every reader.
//   - Names are checked alike everywhere, so that what works in a folder works
//     in a bucket.
//   - Callers decide by ErrNotFound, ErrExists, ErrChanged, ErrDenied and
//     ErrNoBucket, never by the text of an error.
//
// Credentials come from the AWS SDK's own chain alone. No function here takes
// a key, so none can be written into a file of a project.
package objects

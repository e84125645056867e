// Package project is what a command works on: a root with its settings, its books
// and what is to be made of them.
//
// It finds the root, reads bookci.yml and the configs, and says where bookci's own
// folders lie and which image the settings and bookci.lock mean. It holds the
// root's lock and knows whose it is. It is told what the command line says, and
// asks no engine, no daemon and no registry. What it opens may be faulty: a config
// that cannot be read stops its own book only.
package project

/*
 * An entry of the memory is a file, named <hash of the source>-<its length>-<level>,
 * the first two as 16 hexadecimal digits. It holds, little-endian, a magic, the
 * lengths of source and result and the result's hash (8 bytes each), zlib's version
 * (16), and the result. It appears whole, by rename.
 */

#ifndef ENTRY_H
#define ENTRY_H

#include "system.h"

/* zlib's, as zlib.h has it: the layout is part of its ABI. */
struct stream {
	const u8 *next_in;
	u32 avail_in;
	u64 total_in;
	u8 *next_out;
	u32 avail_out;
	u64 total_out;
	const char *msg;
	void *state, *zalloc, *zfree, *opaque;
	int data_type;
	u64 adler, reserved;
};
enum { Z_NO_FLUSH = 0, Z_FINISH = 4, Z_OK = 0, Z_STREAM_END = 1, Z_STREAM_ERROR = -2 };

extern int deflateInit_(struct stream *, int level, const char *version, int size) WEAK;
extern int deflate(struct stream *, int flush) WEAK;
extern int deflateEnd(struct stream *) WEAK;
extern int inflateInit_(struct stream *, const char *version, int size) WEAK;
extern int inflate(struct stream *, int flush) WEAK;
extern int inflateEnd(struct stream *) WEAK;
extern const char *zlibVersion(void) WEAK;
extern char *getenv(const char *) WEAK;

/* Not memset, for which these libraries would need a C library. */
static inline void clear(struct stream *s) {
	for (size i = 0; i < sizeof *s; i++) ((volatile u8 *)s)[i] = 0;
}

#define MAGIC 0x3173676d69626b62UL /* "bkbimgs1" */
enum { HEADER = 48, VERSION = 16, NAME = 35, PATH = 1024, PART = 16384 };

struct header {
	u64 magic, source, result, sum;
	u8 version[VERSION];
};

/* path puts folder/name into to, and fails where that is too long. */
static inline int path(char to[PATH], const char *folder, const char *name) {
	size n = 0;
	for (; *folder; folder++) {
		if (n >= PATH - 2) return 0;
		to[n++] = *folder;
	}
	to[n++] = '/';
	do {
		if (n == PATH) return 0;
		to[n++] = *name;
	} while (*name++);
	return 1;
}

/* fill makes the header that an entry of this source must bear, but for the
 * result's length and sum. */
static inline void fill(struct header *h, size source) {
	const char *version = zlibVersion();
	h->magic = MAGIC;
	h->source = source;
	for (int i = 0; i < VERSION; i++) {
		h->version[i] = (u8)*version;
		if (*version) version++;
	}
}

/* open_entry opens an entry of a source of that length and reads its header; what
 * follows is the result. It returns -1 where there is none. */
static inline int open_entry(const char *folder, const char *name, size source, struct header *found) {
	char file[PATH];
	if (!folder || !*folder || !path(file, folder, name)) return -1;
	int fd = open_file(file, O_RDONLY | O_NONBLOCK);
	if (fd < 0) return -1;
	struct header wanted;
	fill(&wanted, source);
	long end = call(SYS_lseek, fd, 0, SEEK_END, 0);
	if (end > HEADER && call(SYS_lseek, fd, 0, SEEK_SET, 0) == 0 && read_whole(fd, found, HEADER) && found->magic == wanted.magic &&
		found->source == wanted.source && same(found->version, wanted.version, VERSION) && found->result == (u64)end - HEADER)
		return fd;
	close_file(fd);
	return -1;
}

/* Offered by ahead.c, if it is loaded: whether the entry of this name has been read
 * and gives this source. Its result is then in to, which has room for *length bytes,
 * and *length is set. */
extern int bookci_entry_ahead(const char *name, const u8 *source, size source_length, u8 *to, size *length) WEAK;

#endif

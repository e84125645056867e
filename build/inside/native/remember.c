/*
 * Preloaded into dvipdfmx, this library remembers what its streams were
 * compressed to. dvipdfmx compresses each stream of a PDF by one call of zlib's
 * compress2; the one below looks a large source up and does the work only where
 * it finds no entry. The bytes are zlib's own either way.
 *
 *   BOOKCI_PICTURES       a folder of entries that is only read
 *   BOOKCI_PICTURES_NEW   a folder whose entries count too, and where new ones go
 *   BOOKCI_PICTURES_ROOM  how many bytes this process may add there
 *
 * An entry is a file, named <hash of the source>-<its length>-<level>, both as 16
 * hexadecimal digits. It holds, little-endian, a magic, the lengths of source and
 * result and the result's hash (8 bytes each), zlib's version (16), and the
 * result. It counts when it is whole and the result, decompressed, is the source
 * to the last byte: whoever wrote it can spoil nothing. Entries appear whole, by
 * rename. The name of each that served or was added becomes a line of the file
 * "used".
 *
 * Nothing here needs a C library: system calls are made directly, and the symbols
 * of zlib and getenv carry no version, so that one file serves every Linux of its
 * architecture. Whatever goes wrong costs the time of compressing.
 */

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef unsigned long size;

#define static static
#define WEAK __attribute__((weak))

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

/* Not memset, which this library could not call. */
static void clear(struct stream *s) {
	for (size i = 0; i < sizeof *s; i++) ((volatile u8 *)s)[i] = 0;
}

/* System calls. */

#if defined __x86_64__
enum { SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_lseek = 8, SYS_getpid = 39, SYS_openat = 257, SYS_unlinkat = 263, SYS_renameat = 264 };
enum { O_NOFOLLOW = 0400000 };
static long call(long n, long a, long b, long c, long d) {
	register long r10 __asm__("r10") = d;
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return result;
}
#elif defined __aarch64__
enum { SYS_read = 63, SYS_write = 64, SYS_close = 57, SYS_lseek = 62, SYS_getpid = 172, SYS_openat = 56, SYS_unlinkat = 35, SYS_renameat = 38 };
enum { O_NOFOLLOW = 0100000 };
static long call(long n, long a, long b, long c, long d) {
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
#else
#error "no system calls for this architecture"
#endif

enum { AT_FDCWD = -100, SEEK_SET = 0, SEEK_END = 2 };
enum { O_RDONLY = 0, O_WRONLY = 1, O_CREAT = 0100, O_EXCL = 0200, O_APPEND = 02000, O_NONBLOCK = 04000, O_CLOEXEC = 02000000 };

static int open_file(const char *name, int flags) {
	return (int)call(SYS_openat, AT_FDCWD, (long)name, flags | O_NOFOLLOW | O_CLOEXEC, 0644);
}
static void close_file(int fd) { call(SYS_close, fd, 0, 0, 0); }

static int read_whole(int fd, void *to, size n) {
	for (u8 *at = to; n;) {
		long got = call(SYS_read, fd, (long)at, (long)n, 0);
		if (got <= 0) return 0;
		at += got;
		n -= (size)got;
	}
	return 1;
}
static int write_whole(int fd, const void *from, size n) {
	for (const u8 *at = from; n;) {
		long put = call(SYS_write, fd, (long)at, (long)n, 0);
		if (put <= 0) return 0;
		at += put;
		n -= (size)put;
	}
	return 1;
}

/* XXH64 with no seed, as its specification tells. It finds entries and shows
 * damage; it proves nothing, and need not. */

#define P1 0x9E3779B185EBCA87UL
#define P2 0xC2B2AE3D27D4EB4FUL
#define P3 0x165667B19E3779F9UL
#define P4 0x85EBCA77C2B2AE63UL
#define P5 0x27D4EB2F165667C5UL
#define TURN(x, n) ((x) << (n) | (x) >> (64 - (n)))

static inline u64 word(const u8 *at) {
	u64 w;
	__builtin_memcpy(&w, at, 8);
	return w;
}
static inline u32 half(const u8 *at) {
	u32 w;
	__builtin_memcpy(&w, at, 4);
	return w;
}
static inline u64 mix(u64 sum, u64 w) {
	sum += w * P2;
	return TURN(sum, 31) * P1;
}

static u64 hash(const u8 *at, size n) {
	const u8 *end = at + n;
	u64 h = P5;
	if (n >= 32) {
		u64 a = P1 + P2, b = P2, c = 0, d = 0 - P1;
		for (; end - at >= 32; at += 32) {
			a = mix(a, word(at));
			b = mix(b, word(at + 8));
			c = mix(c, word(at + 16));
			d = mix(d, word(at + 24));
		}
		h = TURN(a, 1) + TURN(b, 7) + TURN(c, 12) + TURN(d, 18);
		h = (h ^ mix(0, a)) * P1 + P4;
		h = (h ^ mix(0, b)) * P1 + P4;
		h = (h ^ mix(0, c)) * P1 + P4;
		h = (h ^ mix(0, d)) * P1 + P4;
	}
	h += n;
	for (; end - at >= 8; at += 8) {
		h ^= mix(0, word(at));
		h = TURN(h, 27) * P1 + P4;
	}
	if (end - at >= 4) {
		h ^= half(at) * P1;
		h = TURN(h, 23) * P2 + P3;
		at += 4;
	}
	for (; at < end; at++) {
		h ^= *at * P5;
		h = TURN(h, 11) * P1;
	}
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}

/* Entries. */

#define MAGIC 0x3173676d69626b62UL /* "bkbimgs1" */
enum { HEADER = 48, VERSION = 16, NAME = 35, PATH = 1024, PART = 16384 };

/* Smaller sources are compressed almost as fast as they are looked up; the text
 * of a page is one of these. */
#define LEAST 32768UL

struct header {
	u64 magic, source, result, sum;
	u8 version[VERSION];
};

static int same(const void *a, const void *b, size n) {
	const u8 *x = a, *y = b;
	for (; n >= 8; x += 8, y += 8, n -= 8)
		if (word(x) != word(y)) return 0;
	while (n--)
		if (*x++ != *y++) return 0;
	return 1;
}

/* path puts folder/name into to, and fails where that is too long. */
static int path(char to[PATH], const char *folder, const char *name) {
	size n = 0;
	for (; *folder; folder++) {
		if (n >= PATH - 128) return 0;
		to[n++] = *folder;
	}
	to[n++] = '/';
	do to[n++] = *name;
	while (*name++);
	return 1;
}

/* number appends n and a NUL. */
static char *number(char *at, u64 n) {
	char digits[20];
	int count = 0;
	do digits[count++] = (char)('0' + n % 10);
	while (n /= 10);
	while (count) *at++ = digits[--count];
	*at = 0;
	return at;
}

/* hexadecimal writes 16 digits. */
static void hexadecimal(char *to, u64 n) {
	for (int i = 15; i >= 0; i--, n >>= 4) to[i] = "0123456789abcdef"[n & 15];
}

/* fill makes the header that an entry of this source must bear, but for the
 * result's length and sum. */
static void fill(struct header *h, size source) {
	const char *version = zlibVersion();
	h->magic = MAGIC;
	h->source = source;
	for (int i = 0; i < VERSION; i++) {
		h->version[i] = (u8)*version;
		if (*version) version++;
	}
}

/* gives tells whether a result is all that is needed to get the source back:
 * no entry need be believed. */
static int gives(const u8 *result, size length, const u8 *source, size source_length) {
	u8 part[PART];
	struct stream s;
	clear(&s);
	if (length > ~0U || inflateInit_(&s, zlibVersion(), sizeof s) != Z_OK) return 0;
	s.next_in = result;
	s.avail_in = (u32)length;
	size done = 0;
	int status;
	do {
		s.next_out = part;
		s.avail_out = PART;
		status = inflate(&s, Z_NO_FLUSH);
		size got = PART - s.avail_out;
		if ((status != Z_OK && status != Z_STREAM_END) || got > source_length - done || !same(part, source + done, got)) break;
		done += got;
	} while (status == Z_OK);
	inflateEnd(&s);
	return status == Z_STREAM_END && done == source_length && s.avail_in == 0;
}

/* recall reads an entry into to, which has room for *length bytes, and sets
 * *length. Where it fails, to may hold anything. */
static int recall(const char *folder, const char *name, const u8 *source, size source_length, u8 *to, size *length) {
	char file[PATH];
	if (!folder || !*folder || !path(file, folder, name)) return 0;
	int fd = open_file(file, O_RDONLY | O_NONBLOCK);
	if (fd < 0) return 0;
	struct header found, wanted;
	fill(&wanted, source_length);
	long end = call(SYS_lseek, fd, 0, SEEK_END, 0);
	int good = end > HEADER && call(SYS_lseek, fd, 0, SEEK_SET, 0) == 0 && read_whole(fd, &found, HEADER) &&
		found.magic == wanted.magic && found.source == wanted.source && same(found.version, wanted.version, VERSION) &&
		found.result == (u64)end - HEADER && found.result <= *length && read_whole(fd, to, found.result);
	close_file(fd);
	if (!good || hash(to, found.result) != found.sum || !gives(to, found.result, source, source_length)) return 0;
	*length = found.result;
	return 1;
}

/* room is how much this process may still write; -1 before it is known. */
static long room = -1;

static int has_room(size n) {
	if (room < 0) {
		const char *text = getenv("BOOKCI_PICTURES_ROOM");
		for (room = 0; text && *text >= '0' && *text <= '9' && room < 1L << 50; text++) room = room * 10 + (*text - '0');
	}
	return (size)room >= n;
}

/* put_by adds an entry. */
static int put_by(const char *folder, const char *name, size source, const u8 *result, size length) {
	static u64 count;
	char temporary[PATH], file[PATH], short_name[64] = "tmp.";
	if (!has_room(HEADER + length)) return 0;
	char *at = number(short_name + 4, (u64)call(SYS_getpid, 0, 0, 0, 0));
	*at++ = '.';
	number(at, count++);
	if (!path(temporary, folder, short_name) || !path(file, folder, name)) return 0;
	struct header h;
	fill(&h, source);
	h.result = length;
	h.sum = hash(result, length);
	int fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL);
	if (fd < 0) return 0;
	int good = write_whole(fd, &h, HEADER) && write_whole(fd, result, length);
	close_file(fd);
	if (good && call(SYS_renameat, AT_FDCWD, (long)temporary, AT_FDCWD, (long)file) == 0) {
		room -= (long)(HEADER + length);
		return 1;
	}
	call(SYS_unlinkat, AT_FDCWD, (long)temporary, 0, 0);
	room = 0; /* the disk is full, or the folder gone */
	return 0;
}

/* note_use adds the entry's name to the list of those that served. */
static void note_use(const char *folder, const char *name) {
	char file[PATH], line[NAME + 2];
	size n = 0;
	for (; name[n]; n++) line[n] = name[n];
	line[n++] = '\n';
	if (!path(file, folder, "used")) return;
	int fd = open_file(file, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK);
	if (fd < 0) return;
	write_whole(fd, line, n);
	close_file(fd);
}

/* compress_now does what zlib's own compress2 does. */
static int compress_now(u8 *dest, size *dest_length, const u8 *source, size source_length, int level) {
	const u32 most = ~0U;
	struct stream s;
	size left = *dest_length;
	clear(&s);
	*dest_length = 0;
	if (!deflateInit_ || !deflate || !deflateEnd || !zlibVersion) return Z_STREAM_ERROR;
	int status = deflateInit_(&s, level, zlibVersion(), sizeof s);
	if (status != Z_OK) return status;
	s.next_out = dest;
	s.next_in = source;
	do {
		if (s.avail_out == 0) {
			s.avail_out = left > most ? most : (u32)left;
			left -= s.avail_out;
		}
		if (s.avail_in == 0) {
			s.avail_in = source_length > most ? most : (u32)source_length;
			source_length -= s.avail_in;
		}
		status = deflate(&s, source_length ? Z_NO_FLUSH : Z_FINISH);
	} while (status == Z_OK);
	*dest_length = s.total_out;
	deflateEnd(&s);
	return status == Z_STREAM_END ? Z_OK : status;
}

__attribute__((visibility("default"))) int compress2(u8 *dest, size *dest_length, const u8 *source, size source_length, int level) {
	const char *fresh = getenv ? getenv("BOOKCI_PICTURES_NEW") : 0;
	if (source_length < LEAST || level < 0 || level > 9 || !fresh || !*fresh || !zlibVersion || !inflateInit_ || !inflate || !inflateEnd)
		return compress_now(dest, dest_length, source, source_length, level);

	char name[NAME + 1];
	hexadecimal(name, hash(source, source_length));
	name[16] = '-';
	hexadecimal(name + 17, source_length);
	name[33] = '-';
	name[34] = (char)('0' + level);
	name[NAME] = 0;

	size length = *dest_length;
	if (recall(fresh, name, source, source_length, dest, &length) ||
		(length = *dest_length, recall(getenv("BOOKCI_PICTURES"), name, source, source_length, dest, &length))) {
		*dest_length = length;
		note_use(fresh, name);
		return Z_OK;
	}
	int status = compress_now(dest, dest_length, source, source_length, level);
	if (status == Z_OK && put_by(fresh, name, source_length, dest, *dest_length)) note_use(fresh, name);
	return status;
}

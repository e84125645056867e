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
 * An entry (entry.h) counts when it is whole and the result, decompressed, is the
 * source to the last byte: whoever wrote it can spoil no picture. The name of each that
 * served or was added becomes a line of the file "used".
 *
 * The symbols of zlib and getenv carry no version. Whatever goes wrong costs the time
 * of compressing.
 */

#include "entry.h"

/* Smaller sources are compressed almost as fast as they are looked up; the text
 * of a page is one of these. */
#define LEAST 32768UL

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
	struct header found;
	int fd = open_entry(folder, name, source_length, &found);
	if (fd < 0) return 0;
	int good = found.result <= *length && read_whole(fd, to, found.result);
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

OFFERED int compress2(u8 *dest, size *dest_length, const u8 *source, size source_length, int level) {
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
	if ((bookci_entry_ahead && bookci_entry_ahead(name, source, source_length, dest, &length)) ||
		recall(fresh, name, source, source_length, dest, &length) ||
		(length = *dest_length, recall(getenv("BOOKCI_PICTURES"), name, source, source_length, dest, &length))) {
		*dest_length = length;
		note_use(fresh, name);
		return Z_OK;
	}
	int status = compress_now(dest, dest_length, source, source_length, level);
	if (status == Z_OK && put_by(fresh, name, source_length, dest, *dest_length)) note_use(fresh, name);
	return status;
}

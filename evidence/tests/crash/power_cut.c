/* A disk without power, for a test: only what was synced is still there.
 *
 * Loaded with LD_PRELOAD into a program that writes below the folder POWER_CUT_TOP. Beside it, in
 * POWER_CUT_SAFE, stands what would survive: per inode the content of a file (`<inode>`), or the
 * names in a folder (`<inode>.names`). A write is noted and survives only once fsync or fdatasync
 * is called on its file; a name survives only once fsync is called on its folder. No other call
 * makes anything last, sync_file_range among them (protocol, section 4: the strict reading).
 *
 * POWER_CUT_DEAF names a kind of sync that does nothing: `fdatasync`, `file` (fsync of a file) or
 * `folder` (fsync of a folder). POWER_CUT_AT names a part of a path and POWER_CUT_NTH a number: the
 * process dies instead of that sync, counted from the first of a file with that part in its path.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 4096
#define RANGES_MAX 65536
#define PIECE 65536

struct range { off_t begin, end; };

/* A file that was written to. It stays open, so that its inode is nobody else's. */
struct file {
    ino_t inode;
    int live;
    int safe;
    struct range *ranges;
    size_t count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES_MAX];
static size_t file_count;
static long syncs_left = -1;

static void fail(const char *what) {
    dprintf(2, "power_cut: %s: %s\n", what, strerror(errno));
    _exit(70);
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

/* The path of a descriptor when it lies below the folder that is watched. */
static int path_of(int fd, char *path, size_t room) {
    char link[64];
    const char *top = setting("POWER_CUT_TOP");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, room - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return *top != 0 && strncmp(path, top, strlen(top)) == 0;
}

static int open_safe(const char *name, int flags) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", setting("POWER_CUT_SAFE"), name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) fail(path);
    return fd;
}

/* The file behind a descriptor; null for what is not watched. The lock is held. */
static struct file *file_of(int fd) {
    struct stat stat;
    char path[4096], name[32];
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) return NULL;
    for (size_t n = 0; n < file_count; n++) {
        if (files[n].inode == stat.st_ino) return files[n].live < 0 ? NULL : &files[n];
    }
    if (file_count == FILES_MAX) { errno = EMFILE; fail("files"); }
    struct file *file = &files[file_count++];
    file->inode = stat.st_ino;
    file->live = -1;
    if (!path_of(fd, path, sizeof path)) return NULL;
    file->ranges = malloc(RANGES_MAX * sizeof *file->ranges);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    file->live = open(path, O_RDONLY | O_CLOEXEC);
    if (file->live < 0 || file->ranges == NULL) fail("a file");
    snprintf(name, sizeof name, "%lu", (unsigned long)stat.st_ino);
    file->safe = open_safe(name, O_RDWR | O_CREAT);
    return file;
}

/* Notes what was written. It is called before the write returns to its caller. */
static void wrote(int fd, off_t begin, ssize_t length) {
    int kept = errno;
    if (length <= 0) return;
    pthread_mutex_lock(&lock);
    struct file *file = file_of(fd);
    if (file != NULL) {
        struct range *last = file->count == 0 ? NULL : &file->ranges[file->count - 1];
        if (last != NULL && last->end == begin) {
            last->end += length;
        } else {
            if (file->count == RANGES_MAX) { errno = ENOMEM; fail("ranges"); }
            file->ranges[file->count++] = (struct range){begin, begin + length};
        }
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
}

static off_t here(int fd, ssize_t written) {
    off_t end = lseek(fd, 0, SEEK_CUR);
    return end < written ? 0 : end - written;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t written = syscall(SYS_write, fd, bytes, count);
    if (written > 0) wrote(fd, here(fd, written), written);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t written = syscall(SYS_writev, fd, parts, count);
    if (written > 0) wrote(fd, here(fd, written), written);
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
    ssize_t written = syscall(SYS_pwrite64, fd, bytes, count, offset);
    wrote(fd, offset, written);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return pwrite64(fd, bytes, count, offset);
}

/* What was written to a file since its last sync is safe now, and so is its length. */
static void keep_file(struct file *file) {
    static char piece[PIECE];
    struct stat stat;
    for (size_t n = 0; n < file->count; n++) {
        off_t at = file->ranges[n].begin;
        while (at < file->ranges[n].end) {
            off_t left = file->ranges[n].end - at;
            ssize_t got = pread(file->live, piece, left < PIECE ? left : PIECE, at);
            if (got < 0) fail("a read");
            if (got == 0) break;
            if (syscall(SYS_pwrite64, file->safe, piece, got, at) != got) fail("a copy");
            at += got;
        }
    }
    file->count = 0;
    if (fstat(file->live, &stat) != 0 || ftruncate(file->safe, stat.st_size) != 0) fail("a length");
}

/* The names of a folder are safe now: kind, inode and name in a line, and the list whole. */
static void keep_names(const char *folder, ino_t inode) {
    char name[64], from[4096], to[4096];
    snprintf(name, sizeof name, "%lu.new", (unsigned long)inode);
    FILE *list = fdopen(open_safe(name, O_WRONLY | O_CREAT | O_TRUNC), "w");
    DIR *names = opendir(folder);
    if (list == NULL || names == NULL) fail(folder);
    for (struct dirent *one = readdir(names); one != NULL; one = readdir(names)) {
        if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0) continue;
        char kind = one->d_type == DT_DIR ? 'd' : 'f';
        fprintf(list, "%c %lu %s\n", kind, (unsigned long)one->d_ino, one->d_name);
    }
    closedir(names);
    if (fclose(list) != 0) fail(name);
    snprintf(from, sizeof from, "%s/%s", setting("POWER_CUT_SAFE"), name);
    snprintf(to, sizeof to, "%s/%lu.names", setting("POWER_CUT_SAFE"), (unsigned long)inode);
    if (rename(from, to) != 0) fail(to);
}

static void perhaps_die(const char *path) {
    const char *at = setting("POWER_CUT_AT");
    if (*at == 0) return;
    if (syncs_left < 0 && strstr(path, at) != NULL) syncs_left = atol(setting("POWER_CUT_NTH"));
    if (syncs_left >= 0 && --syncs_left <= 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

static int synced(int fd, const char *call) {
    struct stat stat;
    char path[4096];
    if (fstat(fd, &stat) != 0) return -1;
    pthread_mutex_lock(&lock);
    if (path_of(fd, path, sizeof path)) {
        perhaps_die(path);
        const char *deaf = setting("POWER_CUT_DEAF");
        if (S_ISDIR(stat.st_mode)) {
            if (strcmp(deaf, "folder") != 0) keep_names(path, stat.st_ino);
        } else if (strcmp(deaf, call) != 0) {
            struct file *file = file_of(fd);
            if (file != NULL) keep_file(file);
        }
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return synced(fd, "file"); }

int fdatasync(int fd) { return synced(fd, "fdatasync"); }

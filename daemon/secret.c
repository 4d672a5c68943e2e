#include "daemon/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "daemon/address.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"

#define CREDENTIAL_PREFIX "credential:"
#define CREDENTIAL_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define PRODUCTION_HOST "tripletex.no"
#define TEST_HOST "api-test.tripletex.tech"
#define TEST_TOKEN_PREFIX "test-"

enum {
    SECRET_LINE_END_BYTES = 2,
    SECRET_KEY_HEX_BYTES = 2 * SECRET_KEY_BYTES,
};

/* --- where a secret lies --- */

int secret_is_credential(const char *spec)
{
    return strncmp(spec, CREDENTIAL_PREFIX, strlen(CREDENTIAL_PREFIX)) == 0;
}

static int credential_check(const char *name, struct err *err)
{
    size_t len = strlen(name);
    if (len > 0 && len <= NAME_MAX && strspn(name, CREDENTIAL_CHARACTERS) == len &&
        strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return 0;
    int rc = err_set(err, EINVAL,
                     "the name after " CREDENTIAL_PREFIX " is no name of a credential");
    err_set_remedy(err, "write 1 to %d letters, digits, '.', '_' and '-' after " CREDENTIAL_PREFIX,
                   NAME_MAX);
    return rc;
}

int secret_check_spec(const char *spec, struct err *err)
{
    int rc = 0;
    if (secret_is_credential(spec))
        return credential_check(spec + strlen(CREDENTIAL_PREFIX), err);
    if (!spec[0])
        rc = err_set(err, EINVAL, "it is not said where the secret lies");
    else if (!strchr(spec, '/'))
        rc = err_set(err, EINVAL, "the value is neither a path nor " CREDENTIAL_PREFIX "NAME");
    else if (strlen(spec) >= PATH_MAX)
        rc = err_set(err, EINVAL, "the path is longer than %d bytes", PATH_MAX - 1);
    if (rc)
        err_set_remedy(err, "write the path of a file that holds the secret, such as "
                            "/etc/saldod/NAME, or " CREDENTIAL_PREFIX "NAME");
    return rc;
}

/* The file of the spec; free() it. */
static int locate(const char *spec, const char *what, char **ret_path, struct err *err)
{
    int rc = secret_check_spec(spec, err);
    if (rc) {
        err_prefix(err, "%s", what);
        return rc;
    }
    if (!secret_is_credential(spec)) {
        *ret_path = mem_strdup(spec);
        return 0;
    }
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !folder[0]) {
        (void)err_set(err, ENOENT, "%s: %s cannot be read: CREDENTIALS_DIRECTORY is not set", what,
                      spec);
        err_set_remedy(err,
                       "start saldod as a service with LoadCredential=%s:FILE (the service "
                       "manager sets the variable), or give the path of a file instead",
                       spec + strlen(CREDENTIAL_PREFIX));
        return -ENOENT;
    }
    *ret_path = mem_printf("%s/%s", folder, spec + strlen(CREDENTIAL_PREFIX));
    return 0;
}

/* --- the file --- */

static int refuse_open(const char *spec, const char *path, const char *what, int code,
                       struct err *err)
{
    int rc = err_set(err, code, "%s: cannot open %s: %s", what, path, strerror(code));
    if (code == EACCES || code == EPERM)
        err_set_remedy(err, "let the user that saldod runs as own it: chown USER %s", path);
    else if (secret_is_credential(spec))
        err_set_remedy(err, "add LoadCredential=%s:FILE to the service and restart it",
                       spec + strlen(CREDENTIAL_PREFIX));
    else
        err_set_remedy(err, "put the secret there, readable by the user that saldod runs as only");
    return rc;
}

/* Refuses what is no plain file of the owner's own. A credential's mode is the service manager's.
 */
static int check_file(const char *spec, const char *path, const char *what, int fd, struct err *err)
{
    struct stat info;
    if (fstat(fd, &info))
        return refuse_open(spec, path, what, errno, err);
    if (!S_ISREG(info.st_mode)) {
        int code = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        int rc = err_set(err, code, "%s: %s is %s, no file", what, path,
                         code == EISDIR ? "a folder" : "a device, pipe or socket");
        err_set_remedy(err, "name the file that holds the secret");
        return rc;
    }
    if (!secret_is_credential(spec) && (info.st_mode & 077)) {
        int rc = err_set(err, EACCES, "%s: others than its owner have access to %s (mode %04o)",
                         what, path, (unsigned)(info.st_mode & 07777));
        err_set_remedy(err, "chmod 600 %s, and replace the secret if others may have read it",
                       path);
        return rc;
    }
    return 0;
}

/* Up to `size` bytes; the count, or -errno. */
static ssize_t read_bytes(int fd, char *bytes, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, bytes + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

/* Reads the whole file; `size` is one more than may be in it. *ret_path: free() it, also on
 * failure. */
static int read_file(const char *spec, const char *what, char *bytes, size_t size, size_t *ret_len,
                     char **ret_path, struct err *err)
{
    int rc = locate(spec, what, ret_path, err);
    if (rc)
        return rc;
    /* O_NONBLOCK: a pipe in the file's place must not stop the daemon. */
    AUTO_CLOSE int fd = open(*ret_path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return refuse_open(spec, *ret_path, what, errno, err);
    rc = check_file(spec, *ret_path, what, fd, err);
    if (rc)
        return rc;
    ssize_t len = read_bytes(fd, bytes, size);
    if (len < 0)
        return refuse_open(spec, *ret_path, what, (int)-len, err);
    *ret_len = (size_t)len;
    return 0;
}

static size_t without_line_end(const char *bytes, size_t len)
{
    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    else
        return len;
    return len > 0 && bytes[len - 1] == '\r' ? len - 1 : len;
}

/* --- tokens and shared secrets --- */

struct line_kind {
    const char *name;
    size_t min_bytes;
    const char *how; /* to make one; goes on the remedy */
};

static const struct line_kind TOKEN = { "token", 1, "" };
static const struct line_kind SHARED = { "secret", SECRET_SHARED_BYTES_MIN,
                                         ", such as the output of: openssl rand -hex 32" };

static const char *find_fault(const struct line_kind *kind, const char *line, size_t len)
{
    if (len == 0)
        return "is empty";
    if (memchr(line, '\n', len))
        return "holds more than one line";
    for (size_t i = 0; i < len; i++)
        if (line[i] <= ' ' || line[i] > '~')
            return "holds a blank, a control character or a character that is not ASCII";
    return len < kind->min_bytes ? "is too short" : NULL;
}

static int check_line(const struct line_kind *kind, const char *line, size_t len, const char *path,
                      const char *what, struct err *err)
{
    int is_long = len > SECRET_TOKEN_BYTES_MAX, rc = 0;
    const char *fault = is_long ? "is too long" : find_fault(kind, line, len);
    if (fault) {
        rc = err_set(err, is_long ? EMSGSIZE : EINVAL, "%s: %s %s", what, path, fault);
        err_set_remedy(err, "let it hold the %s alone, on one line of %zu to %d bytes%s",
                       kind->name, kind->min_bytes, SECRET_TOKEN_BYTES_MAX, kind->how);
    }
    return rc;
}

static int read_line(const struct line_kind *kind, const char *spec, const char *what,
                     char **ret_line, struct err *err)
{
    char bytes[SECRET_TOKEN_BYTES_MAX + SECRET_LINE_END_BYTES + 1];
    AUTO_FREE char *path = NULL;
    size_t len = 0;
    int rc = read_file(spec, what, bytes, sizeof(bytes), &len, &path, err);
    if (rc == 0) {
        len = without_line_end(bytes, len);
        rc = check_line(kind, bytes, len, path, what, err);
    }
    if (rc == 0)
        *ret_line = locked_strndup(bytes, len);
    mem_wipe(bytes, sizeof(bytes));
    return rc;
}

int secret_read_token(const char *spec, const char *what, char **ret_token, struct err *err)
{
    return read_line(&TOKEN, spec, what, ret_token, err);
}

int secret_read_shared(const char *spec, const char *what, char **ret_secret, struct err *err)
{
    return read_line(&SHARED, spec, what, ret_secret, err);
}

/* --- keys --- */

static int decode_key(const char *bytes, size_t len, uint8_t key[SECRET_KEY_BYTES])
{
    size_t made = 0;
    if (len == SECRET_KEY_BYTES) {
        memcpy(key, bytes, SECRET_KEY_BYTES);
        return 0;
    }
    if (without_line_end(bytes, len) != SECRET_KEY_HEX_BYTES)
        return -EINVAL;
    if (sodium_hex2bin(key, SECRET_KEY_BYTES, bytes, SECRET_KEY_HEX_BYTES, NULL, &made, NULL) ||
        made != SECRET_KEY_BYTES)
        return -EINVAL;
    return 0;
}

int secret_read_key(const char *spec, const char *what, uint8_t ret_key[SECRET_KEY_BYTES],
                    struct err *err)
{
    char bytes[SECRET_KEY_HEX_BYTES + SECRET_LINE_END_BYTES + 1];
    uint8_t key[SECRET_KEY_BYTES];
    AUTO_FREE char *path = NULL;
    size_t len = 0;
    int rc = read_file(spec, what, bytes, sizeof(bytes), &len, &path, err);
    if (rc == 0 && decode_key(bytes, len, key)) {
        rc = err_set(err, EINVAL,
                     "%s: %s is %s, and neither %d raw bytes nor %d hexadecimal digits", what, path,
                     len ? "no key" : "empty", SECRET_KEY_BYTES, SECRET_KEY_HEX_BYTES);
        err_set_remedy(err, "make one: (umask 077 && head -c %d /dev/urandom > FILE)",
                       SECRET_KEY_BYTES);
    }
    if (rc == 0)
        memcpy(ret_key, key, SECRET_KEY_BYTES);
    mem_wipe(bytes, sizeof(bytes));
    mem_wipe(key, sizeof(key));
    return rc;
}

/* --- which host a token is for --- */

int secret_check_host(const char *token, const char *base_url, const char *what, struct err *err)
{
    char host[ADDRESS_HOST_BYTES];
    int is_test = strncmp(token, TEST_TOKEN_PREFIX, strlen(TEST_TOKEN_PREFIX)) == 0;
    if (address_get_host(base_url, host))
        return err_set(err, EINVAL, "base_url holds no host");
    int is_test_host = strcmp(host, TEST_HOST) == 0;
    if (address_is_loopback(host) || is_test == is_test_host)
        return 0;
    if (is_test) {
        int rc = err_set(err, EINVAL,
                         "%s is a test token, and base_url leads to %s, where no test "
                         "token works",
                         what, host);
        err_set_remedy(err, "use a token of %s, or base_url = https://" TEST_HOST "/v2", host);
        return rc;
    }
    int rc = err_set(err, EINVAL,
                     "%s is no test token, and base_url leads to the test host %s, "
                     "where only test tokens work",
                     what, host);
    err_set_remedy(err, "use a token that begins with " TEST_TOKEN_PREFIX
                        ", or base_url = https://" PRODUCTION_HOST "/v2");
    return rc;
}

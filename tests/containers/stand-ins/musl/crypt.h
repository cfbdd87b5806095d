/* Debian's musl-dev is without this header, musl itself has it. */
#pragma once
struct crypt_data {
    int initialized;
    char state[256];
};
char *crypt(const char *, const char *);
char *crypt_r(const char *, const char *, struct crypt_data *);

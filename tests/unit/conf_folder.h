/*
 * conf_folder.h - a folder of its own with a saldod.conf and its drop-ins, for one test.
 *
 * What goes wrong here fails the test. Use with cmocka_unit_test_setup_teardown(): the state is the
 * struct conf_folder.
 */
#ifndef SALDOD_TESTS_UNIT_CONF_FOLDER_H
#define SALDOD_TESTS_UNIT_CONF_FOLDER_H

#include <stddef.h>

struct settings;

struct conf_folder {
    char path[64], file[96], drop_ins[96];
};

int conf_folder_set_up(void **state);

void conf_folder_put(const char *path, const char *content);
void conf_folder_put_drop_in(const struct conf_folder *folder, const char *name,
                             const char *content);

/* Writes the main file and reads all; there must be no fault. settings_unref() it. */
struct settings *conf_folder_read_good(const struct conf_folder *folder, const char *content);

/* Reads what is there; all faults as one text, free() it. There must be some. */
char *conf_folder_read_faulty(const struct conf_folder *folder);
size_t conf_folder_count_lines(const char *text);

int conf_folder_tear_down(void **state);

#define TEST_IN_CONF_FOLDER(test)                                                                  \
    cmocka_unit_test_setup_teardown(test, conf_folder_set_up, conf_folder_tear_down)

#endif

/* Tests of daemon/table.h; what is printed is tested with the command, in tests/integration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/table.h"

static void what_fits_is_left_alone(void **state)
{
    (void)state;
    int widths[] = { 9, 20, 5 };
    table_fit(widths, 3, 38);
    assert_int_equal(widths[0], 9);
    assert_int_equal(widths[1], 20);
    assert_int_equal(widths[2], 5);
}

static void the_widest_columns_give_way_first(void **state)
{
    (void)state;
    int widths[] = { 9, 40, 30, 5 };
    table_fit(widths, 4, 60);
    assert_int_equal(widths[0], 9);
    assert_int_equal(widths[1], 20);
    assert_int_equal(widths[2], 20);
    assert_int_equal(widths[3], 5);
}

static void no_column_becomes_unreadable(void **state)
{
    (void)state;
    int widths[] = { 40, 40, 3 };
    table_fit(widths, 3, 10);
    assert_int_equal(widths[0], TABLE_CELL_MIN);
    assert_int_equal(widths[1], TABLE_CELL_MIN);
    assert_int_equal(widths[2], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_left_alone),
        cmocka_unit_test(the_widest_columns_give_way_first),
        cmocka_unit_test(no_column_becomes_unreadable),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}

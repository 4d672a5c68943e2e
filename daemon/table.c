#include "daemon/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/pg/pg.h"

enum { GAP = 2 };

static const struct state_colour {
    const char *state, *colour;
} STATE_COLOURS[] = {
    { "fresh", "32" },   { "ready", "32" },   { "loading", "36" },   { "waiting", "36" },
    { "new", "36" },     { "stale", "33" },   { "disabled", "2" },   { "held", "31" },
    { "failing", "31" }, { "refused", "31" }, { "no_access", "31" }, { "unreadable", "31" },
};

struct table_style table_style_of_stdout(void)
{
    struct table_style style = { 0 };
    struct winsize size = { 0 };
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO))
        return style;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        style.width = size.ws_col;
    style.is_coloured = !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
    return style;
}

static int widest(const int *widths, int count)
{
    int at = 0;
    for (int i = 1; i < count; i++)
        at = widths[i] > widths[at] ? i : at;
    return at;
}

void table_fit(int *widths, int count, int total)
{
    int sum = GAP * (count - 1);
    for (int i = 0; i < count; i++)
        sum += widths[i];
    while (sum > total) {
        int at = widest(widths, count);
        if (widths[at] <= TABLE_CELL_MIN)
            return;
        widths[at]--;
        sum--;
    }
}

static int is_begin(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* Characters, not bytes; good enough for names of companies. */
static int text_width(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += is_begin(*text);
    return width;
}

static const char *colour_of(const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(STATE_COLOURS); i++) {
        if (strcmp(STATE_COLOURS[i].state, state) == 0)
            return STATE_COLOURS[i].colour;
    }
    return NULL;
}

/* Cut to the width, and padded unless it is the last of its line. */
static void print_cell(const char *text, int width, const char *colour, int is_last)
{
    int shown = 0;
    if (colour)
        (void)printf("\033[%sm", colour);
    for (; *text && (shown < width || !is_begin(*text)); text++) {
        shown += is_begin(*text);
        (void)putchar((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text);
    }
    if (colour)
        (void)printf("\033[0m");
    if (!is_last)
        (void)printf("%*s", width - shown + GAP, "");
}

static const char *cell(const struct pg_result *result, int row, const char *column)
{
    const char *text = pg_result_text(result, row, column);
    return text ? text : "";
}

static int measure(const struct pg_result *result, const char *const *columns, int *ret_widths)
{
    int count = 0;
    for (; count < TABLE_COLUMNS_MAX && columns[count]; count++) {
        int max = text_width(columns[count]);
        for (int row = 0; row < pg_result_rows(result); row++) {
            int width = text_width(cell(result, row, columns[count]));
            max = width > max ? width : max;
        }
        ret_widths[count] = max > TABLE_CELL_MAX ? TABLE_CELL_MAX : max;
    }
    return count;
}

void table_print(const struct pg_result *result, const char *const *columns,
                 const struct table_style *style)
{
    int widths[TABLE_COLUMNS_MAX] = { 0 };
    int count = measure(result, columns, widths);
    if (style->width > 0)
        table_fit(widths, count, style->width);
    for (int i = 0; i < count; i++)
        print_cell(columns[i], widths[i], style->is_coloured ? "1" : NULL, i == count - 1);
    (void)putchar('\n');
    for (int row = 0; row < pg_result_rows(result); row++) {
        for (int i = 0; i < count; i++) {
            const char *text = cell(result, row, columns[i]);
            int is_state = style->is_coloured && strcmp(columns[i], "state") == 0;
            print_cell(text, widths[i], is_state ? colour_of(text) : NULL, i == count - 1);
        }
        (void)putchar('\n');
    }
}

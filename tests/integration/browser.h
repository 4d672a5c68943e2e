/*
 * browser.h - headless Chromium, driven by chromedriver over HTTP (W3C WebDriver).
 *
 * Owns both processes, which end with the test program. What the browser refuses fails the test.
 */
#ifndef SALDOD_TESTS_INTEGRATION_BROWSER_H
#define SALDOD_TESTS_INTEGRATION_BROWSER_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct browser;
struct folder;

/* NULL where Chromium or its driver is not installed: it was printed. `languages` is what the
 * browser sends, as in "nb-NO,nb". */
struct browser *browser_new(const struct folder *folder, const char *languages) MUST_USE;

void browser_open(struct browser *browser, const char *url);
void browser_resize(struct browser *browser, int width, int height);

/* Runs the body of a function; what it returns as text, "" for null. free() it. */
char *browser_run(struct browser *browser, const char *script) MUST_USE;

/* Asks again until the expression is true, or fails with its text. */
void browser_wait(struct browser *browser, double seconds, const char *expression);

/* Types into what the CSS selector finds; clicks on it; presses a key ("\uE007" is Enter). */
void browser_type(struct browser *browser, const char *selector, const char *text);
void browser_click(struct browser *browser, const char *selector);

/* Writes a picture of the window as PNG. */
void browser_screenshot(struct browser *browser, const char *file);

void browser_free(struct browser *browser); /* NULL is fine */

#endif

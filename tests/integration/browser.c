#include "tests/integration/browser.h"

#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/folder.h"
#include "tests/integration/process.h"
#include "tests/integration/web.h"

enum { START_MS = 30000 };

#define ELEMENT "element-6066-11e4-a52e-4f735466cecf" /* how WebDriver names a reference */

struct browser {
    struct process *driver;
    char *driver_url, *session;
};

/* One command; `value` of the answer, or NULL where it failed and `is_needed` is 0. */
static json_t *command(struct browser *browser, const char *method, const char *path, json_t *body,
                       int is_needed)
{
    static const char *const HEADERS[] = { "Content-Type: application/json", NULL };
    struct web_answer answer;
    AUTO_FREE char *url = mem_printf("%s%s%s", browser->driver_url,
                                     browser->session ? browser->session : "", path);
    AUTO_FREE char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    web_ask(&(struct web_request){ .url = url, .method = method, .headers = HEADERS, .body = text },
            &answer);
    json_t *document = json_loads(buf_text(&answer.body), 0, NULL);
    json_t *value = json_incref(json_object_get(document, "value"));
    json_decref(document);
    int is_done = answer.status == 200;
    if (!is_done && is_needed)
        fail_msg("the browser refuses %s %s with %d: %.2000s", path, text ? text : "",
                 answer.status, buf_text(&answer.body));
    web_release(&answer);
    if (is_done)
        return value;
    json_decref(value);
    return NULL;
}

static void order(struct browser *browser, const char *path, json_t *body)
{
    json_decref(command(browser, "POST", path, body, 1));
}

/* --- starting --- */

static int wait_driver(struct browser *browser)
{
    int64_t until_ms = process_now_ms() + START_MS;
    while (process_is_alive(browser->driver) && process_now_ms() < until_ms) {
        json_t *status = command(browser, "GET", "/status", NULL, 0);
        int is_ready = json_is_true(json_object_get(status, "ready"));
        json_decref(status);
        if (is_ready)
            return 0;
        process_pause();
    }
    return -1;
}

static int open_session(struct browser *browser, const struct folder *folder, const char *languages)
{
    AUTO_FREE char *profile = mem_printf("--user-data-dir=%s/chromium-%lld", folder_path(folder),
                                         (long long)process_now_ms());
    json_t *body = json_pack("{s:{s:{s:s, s:{s:[s,s,s,s,s,s,s], s:{s:s}}}}}", "capabilities",
                             "alwaysMatch", "browserName", "chrome", "goog:chromeOptions", "args",
                             "--headless=new", "--no-sandbox", "--disable-gpu",
                             "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                             profile, "prefs", "intl.accept_languages", languages);
    json_t *value = command(browser, "POST", "/session", body, 0);
    const char *id = json_string_value(json_object_get(value, "sessionId"));
    if (id)
        browser->session = mem_printf("/session/%s", id);
    json_decref(value);
    return id ? 0 : -1;
}

struct browser *browser_new(const struct folder *folder, const char *languages)
{
    struct browser *browser = mem_new(1, sizeof(*browser));
    int port = web_free_port();
    AUTO_FREE char *port_word = mem_printf("--port=%d", port);
    AUTO_FREE char *log = folder_file(folder, "chromedriver.log");
    const char *argv[] = { "chromedriver", port_word, NULL };
    const struct process_options options = {
        .argv = argv, .out = log, .err = log, .death_signal = SIGTERM
    };
    browser->driver_url = mem_printf("http://127.0.0.1:%d", port);
    browser->driver = process_start(&options);
    if (wait_driver(browser) == 0 && open_session(browser, folder, languages) == 0)
        return browser;
    AUTO_FREE char *said = folder_read(log);
    print_message("Chromium is not there (packages chromium, chromium-driver): %.300s\n", said);
    browser_free(browser);
    return NULL;
}

void browser_free(struct browser *browser)
{
    if (!browser)
        return;
    if (browser->session)
        json_decref(command(browser, "DELETE", "", NULL, 0));
    process_stop(browser->driver, SIGTERM);
    free(browser->driver_url);
    free(browser->session);
    free(browser);
}

/* --- using --- */

void browser_open(struct browser *browser, const char *url)
{
    order(browser, "/url", json_pack("{s:s}", "url", url));
}

void browser_resize(struct browser *browser, int width, int height)
{
    order(browser, "/window/rect", json_pack("{s:i, s:i}", "width", width, "height", height));
}

char *browser_run(struct browser *browser, const char *script)
{
    json_t *value = command(browser, "POST", "/execute/sync",
                            json_pack("{s:s, s:[]}", "script", script, "args"), 1);
    char *text = json_is_string(value) ? mem_strdup(json_string_value(value))
                 : json_is_null(value) ? mem_strdup("")
                                       : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    json_decref(value);
    return text;
}

void browser_wait(struct browser *browser, double seconds, const char *expression)
{
    AUTO_FREE char *script = mem_printf("return Boolean(%s)", expression);
    int64_t until_ms = process_now_ms() + (int64_t)(seconds * 1000);
    for (;;) {
        AUTO_FREE char *answer = browser_run(browser, script);
        if (strcmp(answer, "true") == 0)
            return;
        if (process_now_ms() > until_ms)
            break;
        process_pause();
    }
    AUTO_FREE char *page = browser_run(browser, "return document.body.innerText.slice(0, 3000)");
    fail_msg("not within %g s: %s\n%s", seconds, expression, page);
}

static char *find(struct browser *browser, const char *selector)
{
    json_t *value = command(browser, "POST", "/element",
                            json_pack("{s:s, s:s}", "using", "css selector", "value", selector), 1);
    char *id = mem_strdup(json_string_value(json_object_get(value, ELEMENT)));
    json_decref(value);
    return id;
}

void browser_type(struct browser *browser, const char *selector, const char *text)
{
    AUTO_FREE char *id = find(browser, selector);
    AUTO_FREE char *path = mem_printf("/element/%s/value", id);
    order(browser, path, json_pack("{s:s}", "text", text));
}

void browser_click(struct browser *browser, const char *selector)
{
    AUTO_FREE char *id = find(browser, selector);
    AUTO_FREE char *path = mem_printf("/element/%s/click", id);
    order(browser, path, json_object());
}

void browser_screenshot(struct browser *browser, const char *file)
{
    json_t *value = command(browser, "GET", "/screenshot", NULL, 1);
    const char *text = json_string_value(value);
    size_t len = 0, max = text ? strlen(text) : 0;
    AUTO_FREE unsigned char *bytes = mem_new(max + 1, 1);
    FILE *out = fopen(file, "we");
    if (!out || !text ||
        sodium_base642bin(bytes, max, text, max, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        fwrite(bytes, 1, len, out) != len)
        fail_msg("%s cannot be written", file);
    (void)fclose(out);
    json_decref(value);
    print_message("screenshot: %s\n", file);
}

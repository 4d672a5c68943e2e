#include "tests/sandbox/setup.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/budget.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/fail.h"
#include "tests/sandbox/session.h"
#include "tests/sandbox/world.h"

static const char *text_in(const json_t *spec, const char *name)
{
    return json_string_value(json_object_get(spec, name));
}

static int64_t int_in(const json_t *spec, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(spec, name);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

/* Irregular fiscal years, in order and without gaps. */
static bool setup_years(struct company_plan *plan, const json_t *years, struct fail *fail)
{
    size_t i;
    const json_t *year;
    if (json_array_size(years) > COMPANY_PLAN_YEARS_MAX)
        return fail_set(fail, 422, 0, "years", "years: at most %d", COMPANY_PLAN_YEARS_MAX);
    json_array_foreach(years, i, year)
    {
        struct company_plan_year *to = &plan->years[plan->n_years++];
        const char *from = text_in(year, "start"), *end = text_in(year, "end");
        to->year = (int)int_in(year, "year", 0);
        if (!from || !end || !day_parse(from, &to->start) || !day_parse(end, &to->end) ||
            to->start >= to->end || (i > 0 && to->start != to[-1].end))
            return fail_set(fail, 422, 0, "years",
                            "years: start and end (excluded) must be dates in order, no gaps");
    }
    return true;
}

bool setup_company(struct world *world, const json_t *spec, struct fail *fail)
{
    struct company_plan plan = { .org_nr = text_in(spec, "orgNr"),
                                 .name = text_in(spec, "name"),
                                 .opening_date = text_in(spec, "openingDate"),
                                 .id = int_in(spec, "id", 0),
                                 .seed = (uint64_t)int_in(spec, "seed", 0),
                                 .fiscal_start_month = (int)int_in(spec, "fiscalStartMonth", 1),
                                 .first_year = (int)int_in(spec, "firstYear", 0),
                                 .last_year = (int)int_in(spec, "lastYear", 0),
                                 .postings_per_year = (uint32_t)int_in(spec, "postingsPerYear",
                                                                       1000) };
    if (!plan.org_nr || !company_org_nr_valid(plan.org_nr))
        return fail_set(fail, 422, 0, "orgNr", "orgNr: '%.20s' is no valid organisation number",
                        plan.org_nr ? plan.org_nr : "");
    if (world_company(world, plan.org_nr) || (plan.id && world_company_by_id(world, plan.id)))
        return fail_set(fail, 422, 0, "orgNr", "orgNr: %s is there already", plan.org_nr);
    if (plan.fiscal_start_month < 1 || plan.fiscal_start_month > 12)
        return fail_set(fail, 422, 0, "fiscalStartMonth", "fiscalStartMonth: must be 1 to 12");
    if (plan.first_year && plan.last_year && plan.first_year > plan.last_year)
        return fail_set(fail, 422, 0, "lastYear", "lastYear: is before firstYear");
    if (!setup_years(&plan, json_object_get(spec, "years"), fail))
        return false;
    world_add_company(world, &plan);
    return true;
}

static void setup_budget(const json_t *spec, struct budget *budget)
{
    double window_s = json_number_value(json_object_get(spec, "windowSeconds"));
    budget_set(budget, int_in(spec, "limit", budget->limit),
               window_s > 0 ? (int64_t)(window_s * 1000) : budget->window_ms);
}

bool setup_token(struct world *world, const json_t *spec, struct fail *fail)
{
    const char *secret = text_in(spec, "employeeToken"), *name = text_in(spec, "name");
    const char *kind = text_in(spec, "kind"), *org_nr = text_in(spec, "orgNr");
    struct token *token = secret ? world_token(world, secret) : world_token_named(world, name);
    if (!token && !secret)
        return fail_set(fail, 422, 0, "employeeToken", "employeeToken: is missing");
    token = token ? token : world_add_token(world, secret);
    if (name) {
        free(token->name);
        token->name = mem_text(name);
    }
    if (org_nr) {
        free(token->org_nr);
        token->org_nr = mem_text(org_nr);
    }
    if (kind)
        token->is_bureau = strcmp(kind, "bureau") == 0;
    if (json_object_get(spec, "revoked"))
        token->is_revoked = json_is_true(json_object_get(spec, "revoked"));
    size_t i;
    const json_t *number;
    json_array_foreach(json_object_get(spec, "access"), i, number)
    {
        if (json_is_string(number))
            token_grant(token, json_string_value(number));
    }
    if (json_is_object(json_object_get(spec, "budget")))
        setup_budget(json_object_get(spec, "budget"), &token->budget);
    return true;
}

bool setup_world(struct world *world, const json_t *spec, struct fail *fail)
{
    size_t i;
    const json_t *part;
    const char *consumer = text_in(spec, "consumerToken");
    if (consumer) {
        free(world->consumer_token);
        world->consumer_token = mem_text(consumer);
    }
    if (json_is_object(json_object_get(spec, "budget")))
        setup_budget(json_object_get(spec, "budget"), &world->budget);
    json_array_foreach(json_object_get(spec, "companies"), i, part)
    {
        if (!setup_company(world, part, fail))
            return false;
    }
    json_array_foreach(json_object_get(spec, "tokens"), i, part)
    {
        if (!setup_token(world, part, fail))
            return false;
    }
    return true;
}

bool setup_file(struct world *world, const char *file, struct fail *fail)
{
    json_error_t error;
    json_auto_t *spec = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(spec))
        return fail_set(fail, 422, 0, NULL, "%s:%d: %s", file, error.line,
                        spec ? "not a JSON object" : error.text);
    return setup_world(world, spec, fail);
}

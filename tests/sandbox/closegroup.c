#include "tests/sandbox/closegroup.h"

#include <stdlib.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/rows.h"

struct close_group *closegroup_close(struct company *company, struct posting *const *postings,
                                     uint32_t n, int32_t day, bool quietly)
{
    struct close_group *group = mem_zero(sizeof(*group));
    group->row = (struct row){ company_next_id(company), 1 };
    group->day = day;
    for (uint32_t i = 0; i < n; i++) {
        closegroup_leave(company, postings[i]);
        postings[i]->close_group = group;
        postings[i]->matched = true;
        postings[i]->row.version += !quietly;
        vec_add(&group->postings, postings[i]);
    }
    vec_add(&company->close_groups, group);
    company->ledger.revision++;
    return group;
}

static void closegroup_free(struct company *company, struct close_group *group)
{
    for (uint32_t i = 0; i < company->close_groups.n; i++) {
        if (company->close_groups.at[i] == group) {
            vec_remove(&company->close_groups, i);
            break;
        }
    }
    vec_release(&group->postings);
    free(group);
}

void closegroup_open(struct company *company, struct close_group *group, bool quietly)
{
    for (uint32_t i = 0; i < group->postings.n; i++) {
        struct posting *posting = group->postings.at[i];
        posting->close_group = NULL;
        posting->matched = false;
        posting->row.version += !quietly;
    }
    closegroup_free(company, group);
    company->ledger.revision++;
}

void closegroup_leave(struct company *company, struct posting *posting)
{
    struct close_group *group = posting->close_group;
    if (!group)
        return;
    for (uint32_t i = 0; i < group->postings.n; i++) {
        if (group->postings.at[i] == posting) {
            vec_remove(&group->postings, i);
            break;
        }
    }
    posting->close_group = NULL;
    group->row.version++;
    if (group->postings.n == 0)
        closegroup_free(company, group);
}

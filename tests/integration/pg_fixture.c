#include "tests/integration/pg_fixture.h"

#include "lib/base/mem.h"
#include "tests/integration/cluster.h"
#include "tests/integration/db.h"
#include "tests/integration/folder.h"

int pg_fixture_set_up(void **state)
{
    struct pg_fixture *fixture = mem_new(1, sizeof(*fixture));
    *state = fixture;
    fixture->folder = folder_new();
    fixture->cluster = fixture->folder ? cluster_new(fixture->folder) : NULL;
    if (!fixture->cluster)
        return -1;
    fixture->conninfo = cluster_conninfo(fixture->cluster, "postgres");
    fixture->db = db_open(fixture->conninfo);
    return 0;
}

int pg_fixture_tear_down(void **state)
{
    struct pg_fixture *fixture = *state;
    PQfinish(fixture->db);
    cluster_free(fixture->cluster);
    folder_free(fixture->folder);
    free(fixture->conninfo);
    free(fixture);
    return 0;
}

void pg_fixture_revive(struct pg_fixture *fixture)
{
    cluster_start(fixture->cluster);
    PQfinish(fixture->db);
    fixture->db = db_open(fixture->conninfo);
}

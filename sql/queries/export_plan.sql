-- A cursor is planned as if a tenth of it were read; here all of it is.
SELECT pg_catalog.set_config('cursor_tuple_fraction', '1', true), pg_catalog.set_config('jit', 'off', true)

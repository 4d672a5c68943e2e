-- A fresh stage is believed to be empty and would be looped over.
ANALYZE stage_posting, stage_range

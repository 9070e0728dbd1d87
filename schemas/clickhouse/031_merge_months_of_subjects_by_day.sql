-- As stays_by_day has it: a month that nobody has written to for a day becomes one part.
ALTER TABLE subjects_by_day
    MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1

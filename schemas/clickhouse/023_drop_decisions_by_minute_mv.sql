-- decisions_by_hour and decisions_by_day serve its panels, at a tenth of its bytes.
DROP VIEW IF EXISTS decisions_by_minute_mv

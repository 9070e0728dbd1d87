-- Panels of an older version that runs on during an upgrade have no figures for as long; nothing else read it.
DROP TABLE IF EXISTS decisions_by_minute

"""The science: functions on arrays and frozen records; no files, no Qt."""

-- When what a finding tells was over, where its detector can know (a policy that lets people in again, a gateway that is back).
ALTER TABLE findings
    ADD COLUMN IF NOT EXISTS closed_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)) AFTER first_observed_at

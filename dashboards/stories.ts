import { ofTenant } from './variables.ts'

/** Which story a finding of the range is in: `told.finding`, `told.story`. A story was seen as late as its findings. */
export const TOLD = `LEFT JOIN (
    SELECT arrayJoin(finding_ids) AS finding, any(id) AS story FROM stories FINAL
    WHERE ${ofTenant} AND observed_at >= $__fromTime AND merged_into IS NULL GROUP BY finding
  ) AS told ON told.finding`

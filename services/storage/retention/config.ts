import { z } from 'zod'

const Table = z.string().regex(/^[a-z][a-z_]{0,62}$/, { error: 'must be the name of a table' })
const Days = z.int().min(1).max(36_500)
const Name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, { error: 'must be letters, digits and _' })

/**
 * How long rows are kept, and where. Without it tables keep their rows as the migrations say, on the disk that the
 * server takes by itself. What is not named here is left as it is, so that a TTL which somebody set by hand stays.
 */
export const RetentionConfig = z
  .strictObject({
    /**
     * Days that a table keeps its rows, by its name. What verification expects to find of decisions follows from this
     * too; dead letters are kept as long as decisions at least, since verification finds decisions among them.
     */
    keep_days: z.record(Table, Days).default({}),
    /**
     * Rows that are older than so many days move to a slower and cheaper volume of the server's storage policy. The
     * policy must contain the volume `default` with the disk `default`: tables begin there.
     */
    cold: z
      .strictObject({
        policy: Name,
        volume: Name.default('cold'),
        /** By table. */
        after_days: z.record(Table, Days).default({ decisions: 14 }),
      })
      .optional(),
  })
  .refine(
    ({ keep_days, cold }) =>
      Object.entries(cold?.after_days ?? {}).every(([table, days]) => days < (keep_days[table] ?? Infinity)),
    { error: 'rows must become cold before they are deleted' },
  )
  .prefault({})
export type RetentionConfig = z.infer<typeof RetentionConfig>

/** As `001_create_decisions.sql` has it. */
const DECISIONS_DAYS = 90
const DAY_MS = 86_400_000

/** How long the store keeps decisions, in milliseconds, where its tables are as this configuration wants them. */
export function decisionsKeptMs({ keep_days }: RetentionConfig): number {
  return (keep_days['decisions'] ?? DECISIONS_DAYS) * DAY_MS
}

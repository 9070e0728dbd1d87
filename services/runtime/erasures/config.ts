import { z } from 'zod'

/** Erasures of persons on request. */
export const ErasureConfig = z
  .strictObject({
    /**
     * Where `erasures.jsonl` is written, beside the record in the log. Default: `erasures` in the data directory.
     * A place outside of it survives a restore, which then erases again whom an older backup brings back.
     */
    directory: z.string().min(1).max(4096).optional(),
    /** The key under which erased persons are known again; the same for all processes. Default: `secrets/erasure` in the data directory. */
    key_file: z.string().min(1).max(4096).optional(),
  })
  .prefault({})
export type ErasureConfig = z.infer<typeof ErasureConfig>

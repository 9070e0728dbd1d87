import { z } from 'zod'

/** What a process of the benchmark is told; it reports when it has done so. */
export const Order = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('open'), kafka: z.record(z.string(), z.unknown()) }),
  /** Joins the group, and is done when the group has committed everything that was in the topics. */
  z.strictObject({ do: z.enum(['parse', 'score']) }),
  z.strictObject({ do: z.literal('stop') }),
  z.strictObject({ do: z.literal('close') }),
])
export type Order = z.infer<typeof Order>

/** Processor time that the process has used since it began, or why it could not obey. */
export const Report = z.union([
  z.strictObject({ cpu_seconds: z.number() }),
  z.strictObject({ failed: z.string() }),
])
export type Report = z.infer<typeof Report>

import { z } from 'zod'

/** The console: the web page on feedback's port. */
export const ConsoleConfig = z
  .strictObject({
    /** Rows a second that a live view gets at most; what is left out is counted and said. */
    live_rows_per_second: z.int().min(1).max(500).default(40),
    /** Live views open at the same time; the next one is asked to come later. */
    live_viewers: z.int().min(1).max(1000).default(50),
    /** A query of the console is ended after this many seconds. */
    query_timeout_s: z.int().min(1).max(120).default(15),
    /** Prometheus, for the panels of dashboards that read metrics; without it they say so. */
    prometheus_url: z.url({ protocol: /^https?$/ }).optional(),
  })
  .prefault({})
export type ConsoleConfig = z.infer<typeof ConsoleConfig>

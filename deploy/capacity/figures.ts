/** A figure that plans are made from, and where it comes from. Null: not measured, and then no plan uses it. */
export interface Figure {
  readonly value: number | null
  readonly unit: string
  readonly source: string
}

export type FigureName =
  | 'gateway_per_core'
  | 'scoring_per_core'
  | 'usage_per_core'
  | 'storage_per_core'
  | 'decision_bytes'
  | 'log_bytes'
  | 'compressed_share'
  | 'stored_bytes'
  | 'entity_bytes'
  | 'spool_bytes'

/**
 * What was measured, on a shared virtual machine with two cores. A plan is as
 * good as these: measure yours (`gatewatch bench`), put your numbers here, and
 * run `node deploy/capacity/generate.ts`.
 */
export const FIGURES: Readonly<Record<FigureName, Figure>> = {
  gateway_per_core: {
    value: 4300,
    unit: 'decisions/s',
    source:
      'decision point over loopback, 32 connections, 15 s, embedded log: 5,552 and, in another run, 4,293 a second of processor time; p50 5.9 ms, p99 19 ms, 308 MiB resident, the client on the same two cores',
  },
  scoring_per_core: {
    value: 9000,
    unit: 'decisions/s',
    source:
      '`bench kafka`, from Kafka to Kafka with state and atomic commit: 111 µs of processor time a decision, 8,875/s by one process and 11,750/s by two with the broker on the same two cores; 9,750 and 11,349 a second of processor time on the embedded log',
  },
  usage_per_core: {
    value: 34000,
    unit: 'decisions/s',
    source:
      'feedback, one process, reading along 32,327 decisions of subjects it does not know yet, embedded log, machine in use: 25,770 in 0.75 s',
  },
  storage_per_core: {
    value: 45_000,
    unit: 'rows/s',
    source:
      '`bench storage`: 45,078 rows a second, merges included, 19 µs of processor time a row without the engine’s own',
  },
  decision_bytes: {
    value: 1410,
    unit: 'bytes',
    source:
      'one decision of the decision point on `access.decisions.v1`, 10,422 and 81,685 of them; one of the proxy is 1,700',
  },
  log_bytes: {
    value: 4070,
    unit: 'bytes',
    source:
      'all topics together a decision, uncompressed: decisions 1,403, scored 1,818, activity 569, state 262, the rest 14; 10,422 decisions of 5,000 subjects. Activity is less since a network is told who is let in once a day; not measured anew',
  },
  compressed_share: { value: null, unit: 'of it', source: 'zstd on the topics' },
  stored_bytes: {
    value: 79,
    unit: 'bytes',
    source: '`bench storage`, a decision on disk, roll-up included: 78.0 to 78.5',
  },
  entity_bytes: {
    value: 1536,
    unit: 'bytes',
    source:
      '`bench restore`, a million entities: at most this resident each with all detectors, restored in 8 s from the embedded log',
  },
  spool_bytes: { value: 1500, unit: 'bytes', source: 'the spool’s own bound: some 1.5 KB a decision' },
}
